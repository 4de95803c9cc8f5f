import type { StoredEvent } from '@huicai/event-store';
import { splitStreamName } from '@huicai/kernel';
import type { PoolClient } from 'pg';
import { FILLER_LOCK, RebuildError } from './generations.js';
import type { AnyProjection } from './projection.js';
import { Candidate, type FillBatch, type RebuildParts } from './rebuild-candidate.js';
import { recordedOrNot } from './unreadable.js';

export interface FillProgress {
  /** Events of this system read since the candidate was begun; of several, the one that was given fewest. */
  readonly events: number;
  /**
   * Part of the way to the end of the log as it was when last looked at, 0 to 1. The store does not count its events, so this is
   * reckoned by place.
   */
  readonly share: number;
  /** What it is at. */
  readonly step: 'reading' | 'indexing';
}

export interface FillOptions {
  readonly signal?: AbortSignal;
  /** Events per transaction; 30,000 unless told. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: FillProgress) => void;
  readonly log?: (line: string) => void;
}

/** What became of the candidate: it is level and the leader's to feed, or was so before, or filling was told to stop. */
export interface Filled {
  readonly schema: string;
  readonly outcome: 'filled' | 'was-filled' | 'interrupted';
}

/** Another process fills a candidate of this projection. */
export class RebuildRunningError extends RebuildError {
  constructor(name: string) {
    super(`${name} is being rebuilt by another process.`);
    this.name = 'RebuildRunningError';
  }
}

/** Events that are folded in one go: short-lived, so that what is read is not kept longer than it takes to fold it. */
const AT_ONCE = 100;

/** Fewer events than this between the candidate and the end of the log, and the leader takes it from there. */
const NEAR = 500;

/**
 * Fills a generation of a projection beside the live one from the log, or goes on with one that was begun, until the leader can take
 * it over; live rows, reactions and timers are not touched. What was committed stays when it is killed.
 *
 * @throws RebuildRunningError; RebuildError when there is nothing to stand beside or the candidate was dropped meanwhile; FoldError
 * naming the event that can not be folded; whatever says that a server is away
 */
export async function fillBeside(
  parts: RebuildParts,
  definition: AnyProjection,
  types: readonly string[],
  options: FillOptions = {},
): Promise<Filled> {
  const [filled] = await fillTogether(parts, new Map([[definition, types]]), options);
  return filled!;
}

/**
 * As {@link fillBeside}, for several projections that share one reading of the log. Each has transactions of its own, so that when
 * one can not go on, all end and keep what they have.
 *
 * @param definitions with the event types each takes
 * @returns what became of each, in their order
 * @throws as {@link fillBeside}
 */
export async function fillTogether(
  parts: RebuildParts,
  definitions: ReadonlyMap<AnyProjection, readonly string[]>,
  options: FillOptions = {},
): Promise<Filled[]> {
  const session = await parts.pool.connect();
  const held: string[] = [];
  try {
    for (const { name } of definitions.keys()) {
      const { rows } = await session.query<{ won: boolean }>(`select pg_try_advisory_lock(${FILLER_LOCK}) as won`, [name]);
      if (!rows[0]?.won) throw new RebuildRunningError(name);
      held.push(name);
    }
    const candidates: Candidate[] = [];
    const log = options.log ?? (() => undefined);
    for (const [definition, types] of definitions) candidates.push(await Candidate.open(parts, definition, types, log));
    const open = candidates.filter(({ isFollowed }) => !isFollowed);
    const types = new Set([...definitions.values()].flat());
    const reached = open.length === 0 || (await new Filler(parts, open, types, options).fill());
    return candidates.map(({ schema, isFollowed }) => ({
      schema,
      outcome: isFollowed ? 'was-filled' : reached ? 'filled' : 'interrupted',
    }));
  } finally {
    await unlock(session, held);
  }
}

async function unlock(session: PoolClient, names: readonly string[]): Promise<void> {
  try {
    for (const name of names) await session.query(`select pg_advisory_unlock(${FILLER_LOCK})`, [name]);
    session.release();
  } catch {
    // The locks end with the session.
    session.release(true);
  }
}

class Filler {
  private readonly size: number;
  private head: bigint | undefined;

  constructor(
    private readonly parts: RebuildParts,
    private readonly candidates: readonly Candidate[],
    /** All that any of them takes. */
    private readonly types: ReadonlySet<string>,
    private readonly options: FillOptions,
  ) {
    this.size = options.batchSize ?? 30_000;
  }

  /** Whether it came to the end. */
  async fill(): Promise<boolean> {
    for (let indexed = false; ; ) {
      const read = await this.readToEnd();
      if (this.options.signal?.aborted) return false;
      if (this.isSetBack) continue;
      if (indexed && read < NEAR) break;
      if (indexed) continue;
      this.tell('indexing');
      await Promise.all(this.candidates.map((candidate) => candidate.index()));
      indexed = true;
    }
    for (const candidate of this.candidates) await candidate.handOver();
    return true;
  }

  /** The place all of them have reached; undefined for the start of the log. */
  private get start(): bigint | undefined {
    const handled = this.candidates.map((candidate) => candidate.handled);
    if (handled.some((position) => position === null)) return undefined;
    return (handled as bigint[]).reduce((a, b) => (a < b ? a : b));
  }

  private get isSetBack(): boolean {
    return this.candidates.some((candidate) => candidate.isSetBack);
  }

  private get events(): number {
    return Math.min(...this.candidates.map((candidate) => candidate.events));
  }

  /** Reads on to where the log ends now; how many events of ours that were. */
  private async readToEnd(): Promise<number> {
    const { store } = this.parts;
    for (const candidate of this.candidates) candidate.goOn();
    const before = this.events;
    for await (const last of store.readAll({ backwards: true, maxCount: 1 })) this.head = last.position;
    const after = this.start;
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const stored of ahead(
        store.readAllInPortions(after === undefined ? {} : { after }),
        Math.min(this.size, AT_ONCE),
      )) {
        if (this.options.signal?.aborted || this.isSetBack) break;
        // One batch waits behind the one that is written: a candidate that is done with its share goes on while others write.
        const next = this.give(stored, await this.batchOf(stored));
        next.catch(() => undefined);
        await writing;
        writing = next;
      }
      await writing;
      const reference = await this.parts.reference([]);
      await Promise.all(this.candidates.map((candidate) => candidate.flush(reference)));
    } finally {
      // None is at work any more when the locks are given back.
      await Promise.all(this.candidates.map((candidate) => candidate.settled()));
    }
    return this.events - before;
  }

  /** Has the candidates take a batch, and tells when all have. */
  private async give(stored: readonly StoredEvent[], batch: FillBatch | undefined): Promise<void> {
    if (batch) await Promise.all(this.candidates.map((candidate) => candidate.take(batch, this.size)));
    this.tell('reading', stored.at(-1)!.position);
  }

  /** Undefined when nothing in it is ours. */
  private async batchOf(stored: readonly StoredEvent[]): Promise<FillBatch | undefined> {
    const ours = stored.filter(
      ({ type, stream }) => !type.startsWith('$') && this.parts.aggregates.has(splitStreamName(stream).aggregate),
    );
    const last = ours.at(-1);
    if (!last) return undefined;
    const events = ours.filter(({ type }) => this.types.has(type)).map((event) => recordedOrNot(event, this.parts.upcasters));
    return {
      positions: ours.map(({ position }) => position),
      events,
      end: { position: last.position, stream: last.stream, revision: last.revision, id: last.id },
      reference: await this.parts.reference(ours),
    };
  }

  private tell(step: FillProgress['step'], at = this.head): void {
    const share = this.head === undefined || at === undefined || at >= this.head ? 1 : Number(at) / Number(this.head);
    this.options.onProgress?.({ events: this.events, share, step });
  }
}

/** Portions made equal, the next of which is fetched while one is worked on. */
async function* ahead<T>(source: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<T[], void, undefined> {
  const portions = source[Symbol.asyncIterator]();
  let rest: T[] = [];
  const fetch = async () => {
    while (rest.length < size) {
      const next = await portions.next();
      if (next.done) break;
      rest.push(...next.value);
    }
    const group = rest.slice(0, size);
    rest = rest.slice(size);
    return group;
  };
  let next = fetch();
  try {
    for (;;) {
      const group = await next;
      if (group.length === 0) return;
      next = fetch();
      // Told when it is asked for.
      next.catch(() => undefined);
      yield group;
    }
  } finally {
    portions.return?.().catch(() => undefined);
  }
}
