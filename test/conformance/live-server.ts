import { EventStoreDBClient, type Position } from '@eventstore/db-client';
import { ControlledServer } from './controlled-server.js';
import { Recorder } from './recorder.js';
import { credentialsOf, isEmbedded, type ServerUnderTest } from './support.js';

/** A server with a subscription to $all that follows it through restarts, as a product's would. */
export class LiveServer implements ServerUnderTest {
  client: EventStoreDBClient;
  private live: Recorder;
  private resumeFrom: Position | undefined;

  private constructor(
    readonly url: string,
    private readonly controlled: ControlledServer | undefined,
  ) {
    this.client = EventStoreDBClient.connectionString(url);
    this.live = new Recorder(this.client.subscribeToAll({ fromPosition: 'end' }));
  }

  static async start(): Promise<LiveServer> {
    const controlled = isEmbedded ? await ControlledServer.start() : undefined;
    const server = new LiveServer(controlled?.url ?? process.env.EVENTSTORE_URL!, controlled);
    await server.live.untilCaughtUp();
    return server;
  }

  get credentials(): ServerUnderTest['credentials'] {
    return credentialsOf(this.url);
  }

  /**
   * Ends the server and starts it on what is on disk. The subscription goes on after the last event it was given, which
   * must be all it was given: what comes twice or not at all is found by who looks at `takeSeen`.
   */
  async restart(abrupt: boolean): Promise<void> {
    if (!this.controlled) throw new Error('only an embedded server can be restarted');
    await (abrupt ? this.controlled.crash() : this.controlled.restart());
    await this.live.until(() => this.live.error !== undefined);
    const seen = this.live.events;
    this.resumeFrom = seen.at(-1)?.event?.position ?? this.resumeFrom;
    await this.client.dispose();
    this.client = EventStoreDBClient.connectionString(this.url);
    this.live = new Recorder(this.client.subscribeToAll({ fromPosition: this.resumeFrom ?? 'start' }));
    this.live.events.push(...seen);
  }

  /** Waits until the subscription has got to `position`; what it has seen since it was last asked, as "stream@revision". */
  async takeSeen(position: Position): Promise<string[]> {
    await this.live.until(() => (this.live.events.at(-1)?.event?.position?.commit ?? -1n) >= position.commit);
    const seen = this.live.events.splice(0);
    this.resumeFrom = seen.at(-1)?.event?.position ?? this.resumeFrom;
    return seen.map(({ event }) => `${event?.streamId}@${event?.revision}`);
  }

  async stop(): Promise<void> {
    await this.live.subscription.unsubscribe();
    await this.client.dispose();
    await this.controlled?.close();
  }
}
