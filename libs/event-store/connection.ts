import type { ConnectionState, EventStoreObserver } from './port.js';

/** One call to the store, or one life of a subscription, from its beginning to what is known of its end. */
export interface Attempt {
  /** The store has answered, whatever it said; a read is answered event by event and may fail yet. */
  answered(): void;
  failed(cause: string): void;
}

/**
 * The one place that decides whether a store is connected: it is, when the latest call was answered and no follower is cut off.
 * A call that fails after a later one was answered tells of a trouble that is over. Of a store that was lost only an answer to what
 * was asked afterwards tells that it is back: any other may have been under way, or lain here unread, when it went.
 */
export class Connection {
  private current: ConnectionState = { state: 'new' };
  private turn = 0;
  private lastAnswer = 0;
  private lastFailure = 0;
  private lost = 0;
  private callsFail = false;
  private readonly cutOff = new Set<object>();

  constructor(private readonly observer: EventStoreObserver) {}

  get state(): ConnectionState {
    return this.current;
  }

  /** Grows with every answer that tells something of the connection. */
  get answers(): number {
    return this.lastAnswer;
  }

  begin(): Attempt {
    const began = ++this.turn;
    let latest = began;
    return {
      answered: () => {
        if (this.isStale(began)) return;
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

  /** One life of a follower's subscription. */
  beginLife(follower: object): Attempt {
    const began = ++this.turn;
    return {
      answered: () => {
        if (this.isStale(began)) return;
        this.cutOff.delete(follower);
        this.callsFail = false;
        this.answer();
      },
      failed: (cause) => {
        this.cutOff.add(follower);
        this.drop(cause);
      },
    };
  }

  followerEnded(follower: object): void {
    if (this.cutOff.delete(follower)) this.settle();
  }

  private isStale(began: number): boolean {
    return this.current.state === 'dropped' && began < this.lost;
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
    else {
      this.lost = this.turn;
      this.change({ state: 'dropped', since: Date.now(), cause, attempts: 1 });
    }
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
