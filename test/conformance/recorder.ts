import type {
  AllStreamSubscription,
  EventStoreDBClient,
  Filter,
  Position,
  ResolvedEvent,
  StreamSubscription,
} from '@eventstore/db-client';
import type { OwnStreams } from './support.js';

/** Everything a subscription emits, with a way to wait for what is expected. */
export class Recorder {
  /** 'confirmation', 'caught-up', 'checkpoint', 'error', 'end' and the types of events, in the order they came. */
  readonly log: string[] = [];
  readonly events: ResolvedEvent[] = [];
  readonly checkpoints: Position[] = [];
  caughtUp = 0;
  error: Error | undefined;
  private readonly checks = new Set<() => void>();

  /** @param isWanted which streams' events to record; all by default */
  constructor(
    readonly subscription: AllStreamSubscription | StreamSubscription,
    isWanted: (stream: string | undefined) => boolean = () => true,
  ) {
    subscription.on('confirmation', () => this.note('confirmation'));
    subscription.on('data', (event: ResolvedEvent) => {
      if (!isWanted((event.link ?? event.event)?.streamId)) return;
      this.events.push(event);
      this.note(`${(event.link ?? event.event)?.type}`);
    });
    subscription.on('caughtUp', () => {
      this.caughtUp++;
      this.note('caught-up');
    });
    subscription.on('error', (error: Error) => {
      this.error = error;
      this.note('error');
    });
    subscription.on('end', () => this.note('end'));
  }

  /** Ids of the events received. */
  get ids(): (string | undefined)[] {
    return this.events.map(({ event }) => event?.id);
  }

  /** Revisions of the events received. */
  get revisions(): number[] {
    return this.events.map(({ event }) => Number(event?.revision));
  }

  note(entry: string): void {
    this.log.push(entry);
    for (const check of [...this.checks]) check();
  }

  /** To be given to a filter, so that its checkpoints are recorded. */
  checkpoint(position: Position): void {
    this.checkpoints.push(position);
    this.note('checkpoint');
  }

  /** Waits until `condition` holds; jest's own timeout ends a wait in vain. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.checks.delete(check);
        resolve();
      };
      this.checks.add(check);
      check();
    });
  }

  /** Waits until the subscription has said that it caught up. */
  untilCaughtUp(): Promise<void> {
    return this.until(() => this.caughtUp > 0);
  }

  /** Waits until so many events have come. */
  untilEvents(count: number): Promise<void> {
    return this.until(() => this.events.length >= count);
  }
}

/** Opens subscriptions and ends those still open when a test is over. */
export class Subscriptions {
  private readonly open: Recorder[] = [];

  constructor(private readonly client: () => EventStoreDBClient) {}

  toStream(stream: string, options?: Parameters<EventStoreDBClient['subscribeToStream']>[1]): Recorder {
    return this.keep(new Recorder(this.client().subscribeToStream(stream, options)));
  }

  /** @param own streams whose events are recorded, and no others; all by default */
  toAll(options?: Parameters<EventStoreDBClient['subscribeToAll']>[0], own?: OwnStreams): Recorder {
    return this.keep(new Recorder(this.client().subscribeToAll(options), own?.has));
  }

  /** A filtered subscription to $all whose checkpoints are recorded. */
  filtered(filter: Filter, options?: Parameters<EventStoreDBClient['subscribeToAll']>[0]): Recorder {
    let recorder: Recorder | undefined;
    const checkpointReached = async (_subscription: unknown, position: Position) => recorder?.checkpoint(position);
    recorder = this.toAll({ ...options, filter: { ...filter, checkpointReached } });
    return recorder;
  }

  async closeAll(): Promise<void> {
    for (const { subscription } of this.open.splice(0)) await subscription.unsubscribe();
  }

  private keep(recorder: Recorder): Recorder {
    this.open.push(recorder);
    return recorder;
  }
}
