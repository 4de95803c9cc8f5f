import type { StoredEvent } from '@huicai/event-store';
import type { Handled } from '@huicai/projections';
import { handledOf, isOurs } from './checkpoint.js';

/** A stretch of the log as a reaction sees it. */
export interface Stretch {
  /** Events of types that reactions take, in order. */
  readonly events: readonly StoredEvent[];
  /** Position of the last event in the stretch, of whatever kind. */
  readonly upTo: bigint;
  /** The last event of this system's in it; undefined when it holds none. */
  readonly end: Handled | undefined;
}

export interface Interest {
  /** Stream categories of this system. */
  readonly aggregates: ReadonlySet<string>;
  /** Event types that any reaction takes. */
  readonly types: ReadonlySet<string>;
}

/** What a run of consecutive events holds for reactions; undefined when there are none. */
export function stretchOf(run: readonly StoredEvent[], { aggregates, types }: Interest): Stretch | undefined {
  const last = run.at(-1);
  if (!last) return undefined;
  const ours = run.filter((event) => isOurs(event, aggregates));
  const end = ours.at(-1);
  return { events: ours.filter(({ type }) => types.has(type)), upTo: last.position, end: end && handledOf(end) };
}

/**
 * The end of the log as the one subscription of the worker has shown it, for reactions that keep up. One that is behind what is
 * kept here reads the log for itself.
 */
export class EventFeed {
  /** Everything after this position up to `upTo` has been seen; null for the start of the log. */
  private since: bigint | null = null;
  private upTo: bigint | undefined;
  private end: Handled | undefined;
  private events: StoredEvent[] = [];
  private waiting: (() => void)[] = [];

  /** @param capacity events of interest that are kept */
  constructor(
    private readonly interest: Interest,
    private readonly capacity = 1_000,
  ) {}

  /**
   * Takes what has come.
   *
   * @param after position of the event before the first of these; undefined for the start of the log
   */
  offer(run: readonly StoredEvent[], after: bigint | undefined): void {
    const stretch = stretchOf(run, this.interest);
    if (!stretch) return;
    if (this.upTo === undefined || this.upTo !== after) {
      this.since = after ?? null;
      this.events = [];
      this.end = undefined;
    }
    this.events.push(...stretch.events);
    this.upTo = stretch.upTo;
    this.end = stretch.end ?? this.end;
    const surplus = this.events.length - this.capacity;
    if (surplus > 0) this.since = this.events.splice(0, surplus).at(-1)!.position;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /**
   * What came after a position.
   *
   * @returns 'level' when nothing did, 'unknown' when that can not be told from what is kept
   */
  after(position: bigint | null): Stretch | 'level' | 'unknown' {
    const { since, upTo } = this;
    if (upTo === undefined || (since !== null && (position === null || position < since))) return 'unknown';
    if (position !== null && position >= upTo) return position === upTo ? 'level' : 'unknown';
    const events = this.events.filter((event) => position === null || event.position > position);
    const end = this.end && (position === null || this.end.position > position) ? this.end : undefined;
    return { events, upTo, end };
  }

  /** Waits until something after a position has come, the signal aborts, or the time is over. @param limitMs milliseconds */
  async next(position: bigint | null, signal: AbortSignal, limitMs: number): Promise<void> {
    if (signal.aborted || (this.upTo !== undefined && (position === null || this.upTo > position))) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiting = this.waiting.filter((one) => one !== wake);
        resolve();
      };
      // A worker whose projections are far behind offers what this reader is past already.
      const wake = () => {
        if (position === null || this.upTo! > position) done();
        else this.waiting.push(wake);
      };
      const timer = setTimeout(done, limitMs);
      signal.addEventListener('abort', done, { once: true });
      this.waiting.push(wake);
    });
  }
}
