import type { EventStore } from '../event-store/port.js';
import type { RecordedEvent } from './event.js';
import { recorded } from './recorded.js';
import type { UpcasterRegistry } from './upcasters.js';

/**
 * The fold of one slowly growing stream (a calendar, a policy, the routing), kept in memory and brought up to the store's present
 * at every question by reading only what is new. Never stale: an answer holds everything committed before the question was asked.
 */
export class FoldedStream<S> {
  private state: S;
  private next = 0n;
  private running: Promise<void> = Promise.resolve();
  private queued: Promise<S> | undefined;

  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    readonly stream: string,
    initial: S,
    private readonly fold: (state: S, event: RecordedEvent) => S,
    private readonly upcasters: UpcasterRegistry,
  ) {
    this.state = initial;
  }

  /** What was folded so far, without a look at the store: enough where only what is there already is asked for. */
  get known(): S {
    return this.state;
  }

  /** Whether nothing was folded so far. */
  get isEmpty(): boolean {
    return this.next === 0n;
  }

  /** @throws StoreUnavailableError */
  current(): Promise<S> {
    // A read already under way may have started before the caller's last write; one that has not begun yet serves all who wait.
    this.queued ??= this.running.then(async () => {
      this.queued = undefined;
      const reading = this.catchUp();
      this.running = reading.catch(() => undefined);
      await reading;
      return this.state;
    });
    return this.queued;
  }

  private async catchUp(): Promise<void> {
    for await (const event of this.store.readStream(this.stream, { from: this.next })) {
      this.state = this.fold(this.state, recorded(event, this.upcasters));
      this.next = event.revision + 1n;
    }
  }
}
