import type { ConnectionState, EventStoreObserver } from './port.js';

/** One call to the store, from its beginning to what is known of its end. */
export interface Attempt {
  /** The store has answered, whatever it said; a read is answered event by event and may fail yet. */
  answered(): void;
  failed(cause: string): void;
}

/**
 * The one place that decides whether a store is connected: it is, when the latest call was answered and no follower is cut off.
 * A call that fails after a later one was answered tells of a trouble that is over.
 */
export class Connection {
  private current: ConnectionState = { state: 'new' };
  private turn = 0;
  private lastAnswer = 0;
  private lastFailure = 0;
  private callsFail = false;
  private readonly cutOff = new Set<object>();

  constructor(private readonly observer: EventStoreObserver) {}

  get state(): ConnectionState {
    return this.current;
  }

  /** Grows with every answer. */
  get answers(): number {
    return this.lastAnswer;
  }

  begin(): Attempt {
    let latest = ++this.turn;
    return {
      answered: () => {
        this.callsFail = false;
        this.answer();
        latest = this.turn;
      },
      failed: (cause) => {
        if (latest < this.lastAnswer) return;
        this.callsFail = true;
        this.drop(cause);
      },
    };
  }

  followerConnected(follower: object): void {
    this.cutOff.delete(follower);
    this.callsFail = false;
    this.answer();
  }

  followerDropped(follower: object, cause: string): void {
    this.cutOff.add(follower);
    this.drop(cause);
  }

  followerEnded(follower: object): void {
    if (this.cutOff.delete(follower)) this.settle();
  }

  private answer(): void {
    this.lastAnswer = ++this.turn;
    this.settle();
  }

  private settle(): void {
    if (this.current.state === 'connected' || this.callsFail || this.cutOff.size > 0) return;
    if (this.lastAnswer > this.lastFailure) this.change({ state: 'connected' });
  }

  private drop(cause: string): void {
    this.lastFailure = ++this.turn;
    const { current } = this;
    if (current.state === 'dropped') this.current = { ...current, cause, attempts: current.attempts + 1 };
    else this.change({ state: 'dropped', since: Date.now(), cause, attempts: 1 });
  }

  private change(state: ConnectionState): void {
    this.current = state;
    guarded(() => this.observer.onConnection?.(state));
  }
}

/** Calls an onlooker, whose faults must not become the store's. */
export function guarded(look: () => void): void {
  try {
    look();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
