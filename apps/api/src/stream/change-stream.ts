import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from '@huicai/kernel';
import type { Mended, Queryable } from '@huicai/projections';
import type { OnModuleDestroy } from '@nestjs/common';
import { type ChangesHead, changesHead, readChanges } from '../../../../libs/contexts/reporting/views/case-changes.queries.js';
import { ChangeText } from './change-text.js';
import { type Audience, Listener, type Sink } from './listener.js';

export interface StreamOptions {
  /** Milliseconds between two looks at the views, while somebody listens. */
  readonly pollMs: number;
  /** Milliseconds between two signs of life. */
  readonly beatMs: number;
  /** What may wait to be taken by one listener, bytes. */
  readonly bufferBytes: number;
  /** Changes a listener who comes back is told; with more it has to load anew. */
  readonly backlog: number;
  /** Streams one process holds open. */
  readonly listeners: number;
}

export const STREAM_OPTIONS: StreamOptions = {
  pollMs: 200,
  beatMs: 15_000,
  bufferBytes: 256 * 1024,
  backlog: 400,
  listeners: 2_000,
};

/** Changes read in one go. */
const PAGE = 400;

/**
 * Tells every open stream of this process what has changed. One tail for all of them reads the views from the place of the last
 * look on; with nobody listening nothing is asked. Places are commit positions, so a stream goes on where it was after a restart of
 * API, worker or database.
 */
export class ChangeStream implements OnModuleDestroy {
  private readonly listeners = new Set<Listener>();
  private joining: Listener[] = [];
  private readonly closed = new AbortController();
  private running: Promise<void> | undefined;
  private wake = new AbortController();
  /** Everything up to here was told; undefined before the first look. */
  private at: bigint | undefined;
  /** The views are being filled, from wherever they now stand. */
  private refilling = false;
  /** Changes that came to light behind that place, as of the last look. */
  private mended: Mended = { times: 0, position: null };
  private beats: NodeJS.Timeout | undefined;
  private trouble: string | undefined;

  constructor(
    private readonly db: Queryable,
    private readonly log: (line: string) => void,
    private readonly options: StreamOptions = STREAM_OPTIONS,
  ) {}

  /** Streams open now. */
  get open(): number {
    return this.listeners.size + this.joining.length;
  }

  /** @throws Refusal `unavailable` when no more streams may be opened */
  refuseWhenFull(): void {
    if (this.closed.signal.aborted || this.open >= this.options.listeners) throw new Refusal('unavailable', 'too-many-streams');
  }

  /**
   * Opens a stream, until the sink closes or the listener is ended.
   *
   * @param from position last told over an earlier connection; without one the listener is told to load first
   */
  join(sink: Sink, audience: Audience, from: bigint | undefined): Listener {
    const listener = new Listener(sink, audience, from, this.options.bufferBytes, () => this.at ?? 0n);
    sink.on('close', () => this.leave(listener));
    this.joining.push(listener);
    this.wake.abort();
    this.beats ??= setInterval(() => this.beat(), this.options.beatMs);
    this.start();
    return listener;
  }

  private start(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      // Somebody may have come while the last look was ending.
      if (this.open > 0 && !this.closed.signal.aborted) this.start();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.closed.abort();
    for (const listener of [...this.listeners, ...this.joining]) listener.end('closing');
    clearInterval(this.beats);
    await this.running;
  }

  private leave(listener: Listener): void {
    this.listeners.delete(listener);
    this.joining = this.joining.filter((one) => one !== listener);
    if (this.open > 0) return;
    clearInterval(this.beats);
    this.beats = undefined;
    this.wake.abort();
  }

  private beat(): void {
    // A listener that is yet to be told what it missed must not be moved past it.
    for (const listener of this.listeners) listener.beat(this.refilling ? undefined : this.at);
    for (const listener of this.joining) listener.beat(undefined);
  }

  private async run(): Promise<void> {
    const { signal } = this.closed;
    this.at = undefined;
    while (!signal.aborted && this.open > 0) {
      this.wake = new AbortController();
      const fresh = [...this.joining];
      try {
        await this.look();
        if (!this.refilling) await this.admit(fresh);
        if (this.trouble !== undefined) this.log('streams go on');
        this.trouble = undefined;
      } catch (error) {
        if (this.trouble === undefined) this.log(`streams wait: ${(error as Error).name}`);
        this.trouble = (error as Error).name;
      }
      const woken = this.trouble === undefined ? [signal, this.wake.signal] : [signal];
      await delay(this.options.pollMs, undefined, { signal: AbortSignal.any(woken) }).catch(() => undefined);
    }
  }

  /** Tells all that listen what has changed since the last look. */
  private async look(): Promise<void> {
    const head = await changesHead(this.db);
    const position = head.position ?? 0n;
    if (this.at === undefined) this.refilling = !head.filled;
    else if (position < this.at) this.refilling = true;
    if (this.at === undefined || this.refilling) return this.takePlace(position, head);
    while (position > this.at) {
      const changes = await readChanges(this.db, this.at, position, PAGE);
      for (const change of changes) this.tellAll(new ChangeText(change));
      this.at = changes.length < PAGE ? position : changes.at(-1)!.position;
    }
    if (head.mended.times !== this.mended.times) for (const listener of this.listeners) listener.reset(this.at, 'views-mended');
    this.mended = head.mended;
  }

  /** Where the views stand is where telling begins; whoever listens already has seen another state of them. */
  private takePlace(position: bigint, { filled, mended }: ChangesHead): void {
    this.at = position;
    this.mended = mended;
    if (!filled) return;
    this.refilling = false;
    for (const listener of this.listeners) listener.reset(position, 'views-replaced');
  }

  private tellAll(text: ChangeText): void {
    const since = this.at!;
    for (const listener of this.listeners) tell(listener, text, since);
  }

  /** Lets those who have come take part, from where they were. */
  private async admit(fresh: readonly Listener[]): Promise<void> {
    const at = this.at!;
    const places = fresh.map(({ from }) => from).filter((from) => from !== undefined && from < at) as bigint[];
    const oldest = places.reduce((a, b) => (a < b ? a : b), at);
    const { backlog } = this.options;
    const missed = oldest < at ? await readChanges(this.db, oldest, at, backlog + 1, true) : [];
    const complete = missed.length > backlog ? missed[0]!.position : oldest;
    const texts = missed.map((change) => new ChangeText(change));
    for (const listener of fresh) {
      if (!this.joining.includes(listener)) continue;
      this.joining = this.joining.filter((one) => one !== listener);
      this.listeners.add(listener);
      const { from } = listener;
      if (from === undefined) listener.reset(at, 'started');
      else if (from > at) listener.reset(at, 'position-unknown');
      else if (from < complete) listener.reset(at, 'too-far-behind');
      else if (this.mended.position !== null && from <= this.mended.position) listener.reset(at, 'views-mended');
      else for (const text of texts) if (text.change.position > from) tell(listener, text, from);
    }
  }
}

function tell(listener: Listener, text: ChangeText, since: bigint): void {
  const told = text.for(listener.audience, since);
  if (told) listener.tell(told.event, text.change.position, told.data);
}
