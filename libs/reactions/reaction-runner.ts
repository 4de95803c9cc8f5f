import type { EventStore, StoredEvent } from '@huicai/event-store';
import { CheckpointMovedError, type Handled } from '@huicai/projections';
import type { Pool, PoolClient } from 'pg';
import { handledOf, moveReaction, noteStopped, readReaction, registerReactions } from './checkpoint.js';
import { EventHandler, type EventHandlerOptions, isAway } from './event-handler.js';
import {
  blockedStreams,
  DEFAULT_RETRY,
  type DueFailure,
  dueFailures,
  failAgain,
  noteFailure,
  type RetryPolicy,
  settleFailure,
} from './failures.js';
import { type EventFeed, type Interest, type Stretch, stretchOf } from './feed.js';

export interface ReactionRunnerOptions extends EventHandlerOptions {
  /** Event types it takes. */
  readonly types: readonly string[];
  readonly pool: Pool;
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly storeId: string;
  /** Stream categories of this system. */
  readonly aggregates: ReadonlySet<string>;
  readonly feed: EventFeed;
  /** True while reactions must wait, as during the playing of a reference year. */
  readonly held: () => Promise<boolean>;
  readonly retry?: RetryPolicy;
  /** Milliseconds between two looks at failed events, at requests about them, and at `held`. */
  readonly lookMs?: number;
}

const PAGE = 500;
/** Failed events tried in one look. */
const LOOK = 100;
/** A checkpoint that only passes over events of no interest moves this seldom, milliseconds. */
const IDLE_SAVE_MS = 1_000;

/**
 * One reaction, fed from the log in order, from its own checkpoint. An event may come twice, around a crash; its commands carry the
 * same ids then, and are found recorded. One that can not be handled is tried again later, and holds up its own stream only. What was
 * loaded later than it happened (`backfill`: the reference year, a migration) is history and is never acted on.
 */
export class ReactionRunner {
  private readonly types: ReadonlySet<string>;
  private readonly interest: Interest;
  private readonly handler: EventHandler;
  private readonly retry: RetryPolicy;
  private readonly lookMs: number;
  /** Where the stored checkpoint stands. */
  private saved: bigint | null = null;
  private savedAt = 0;
  /** How far the log was gone through; everything up to here is done or noted. */
  private cursor: bigint | null = null;
  /** The last event of ours gone through after the stored checkpoint. */
  private unsaved: Handled | undefined;
  private isOpen = false;
  private isHeld = true;
  private nextLook = 0;
  private trouble: string | undefined;
  private stopped: string | undefined;

  constructor(private readonly options: ReactionRunnerOptions) {
    this.types = new Set(options.types);
    this.interest = { aggregates: options.aggregates, types: this.types };
    this.handler = new EventHandler(options);
    this.retry = options.retry ?? DEFAULT_RETRY;
    this.lookMs = options.lookMs ?? 1_000;
  }

  get name(): string {
    return this.options.reaction.name;
  }

  /**
   * Runs until the signal aborts; sits out whatever time the event store or PostgreSQL is away, and stands still while the log is not
   * the one its checkpoint was made from.
   *
   * @throws CheckpointMovedError when another worker has taken over, or somebody has put the reaction elsewhere
   */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.isOpen ||= await this.open();
        if (this.isOpen) await this.goOn(signal);
        if (this.trouble !== undefined) this.options.log(`reaction ${this.name} goes on`);
        this.trouble = undefined;
        failures = 0;
      } catch (error) {
        if (!isAway(error)) throw error;
        if (this.trouble === undefined) this.options.log(`reaction ${this.name} waits: ${(error as Error).message}`);
        this.trouble = (error as Error).message;
        failures++;
      }
      await this.pause(signal, failures);
    }
  }

  private pause(signal: AbortSignal, failures: number): Promise<void> {
    const { feed } = this.options;
    // Past the end of everything the feed will not wake it: after a failure, or while it stands still or waits, only the time does.
    if (failures > 0) return feed.next(NEVER, signal, Math.min(5_000, 100 * 2 ** failures));
    return feed.next(this.isOpen && !this.isHeld ? this.cursor : NEVER, signal, this.lookMs);
  }

  /** Takes up the checkpoint, making it if there is none. False while the log is another one. */
  private async open(): Promise<boolean> {
    const { pool, storeId, reaction, store } = this.options;
    await registerReactions(pool, this.options, [reaction]);
    const checkpoint = (await readReaction(pool, this.name))!;
    const why =
      checkpoint.storeId !== storeId
        ? 'belongs to another event store'
        : checkpoint.stream !== null && (await idAt(store, checkpoint.stream, checkpoint.revision!)) !== checkpoint.eventId
          ? 'is ahead of the event store, which was put back to an older state'
          : undefined;
    const stopped = why && `${why}. Run: npm run cli -- reactions restart ${this.name} --reason <why>`;
    if (stopped !== checkpoint.stopped) await noteStopped(pool, this.name, stopped ?? null);
    if (stopped !== undefined && stopped !== this.stopped) this.options.log(`reaction ${this.name} ${stopped}`);
    this.stopped = stopped;
    this.saved = checkpoint.position;
    this.cursor = checkpoint.position;
    this.unsaved = undefined;
    return why === undefined;
  }

  private async goOn(signal: AbortSignal): Promise<void> {
    for (let more = true; more && !signal.aborted; ) {
      more = await this.look(signal);
      if (this.isHeld) return;
      const stretch = await this.nextStretch();
      if (!stretch) continue;
      await this.goThrough(stretch, signal);
      more = true;
    }
    if (!signal.aborted && performance.now() > this.savedAt + IDLE_SAVE_MS) await this.save();
  }

  private async nextStretch(): Promise<Stretch | undefined> {
    const { feed, store } = this.options;
    const known = feed.after(this.cursor);
    if (known === 'level') return undefined;
    if (known !== 'unknown') return known;
    const run: StoredEvent[] = [];
    for await (const event of store.readAll({ ...(this.cursor === null ? {} : { after: this.cursor }), maxCount: PAGE }))
      run.push(event);
    return stretchOf(run, this.interest);
  }

  private async goThrough({ events, upTo, end }: Stretch, signal: AbortSignal): Promise<void> {
    const { pool } = this.options;
    const mine = events.filter((event) => this.types.has(event.type) && !isBackfill(event));
    const streams = mine.map(({ stream }) => stream);
    const blocked = mine.length === 0 ? new Set<string>() : await blockedStreams(pool, this.name, streams);
    for (const stored of mine) {
      if (signal.aborted) return;
      if (blocked.has(stored.stream)) await this.noteBehind(stored);
      else {
        const outcome = await this.handler.handle(stored);
        if (typeof outcome === 'object') {
          blocked.add(stored.stream);
          await this.noteFailed(stored, outcome.error);
        } else if (outcome === 'sent') await this.passed(stored);
      }
      this.cursor = stored.position;
    }
    this.cursor = upTo;
    if (end && (this.saved === null || end.position > this.saved)) this.unsaved = end;
  }

  private async passed(stored: StoredEvent): Promise<void> {
    await moveReaction(this.options.pool, this.name, this.saved, handledOf(stored));
    this.saidPast(stored);
  }

  private async noteFailed(stored: StoredEvent, error: string): Promise<void> {
    const { retry } = this;
    await this.noteAndPass(stored, (db) => noteFailure(db, this.name, stored, { error, retry }));
    this.options.log(`reaction ${this.name} could not handle ${nameOf(stored)}, and will try again: ${error}`);
  }

  private noteBehind(stored: StoredEvent): Promise<void> {
    return this.noteAndPass(stored, (db) => noteFailure(db, this.name, stored));
  }

  /** The checkpoint passes an event that is not done only together with the note of it. */
  private async noteAndPass(stored: StoredEvent, note: (db: PoolClient) => Promise<void>): Promise<void> {
    const db = await this.options.pool.connect();
    try {
      await db.query('begin');
      await moveReaction(db, this.name, this.saved, handledOf(stored));
      await note(db);
      await db.query('commit');
      db.release();
    } catch (error) {
      await db.query('rollback').then(
        () => db.release(),
        () => db.release(true),
      );
      throw error;
    }
    this.saidPast(stored);
  }

  private saidPast({ position }: StoredEvent): void {
    this.saved = position;
    this.savedAt = performance.now();
    this.unsaved = undefined;
  }

  private async save(): Promise<void> {
    const { unsaved } = this;
    if (!unsaved) return;
    await moveReaction(this.options.pool, this.name, this.saved, unsaved);
    this.saved = unsaved.position;
    this.savedAt = performance.now();
    this.unsaved = undefined;
  }

  /** Now and then: whether it may go on, whether somebody has moved it, what is to be tried again. True when there is more to try. */
  private async look(signal: AbortSignal): Promise<boolean> {
    if (performance.now() < this.nextLook) return false;
    const { pool, held } = this.options;
    this.isHeld = await held();
    const checkpoint = await readReaction(pool, this.name);
    if (!checkpoint || checkpoint.position !== this.saved || checkpoint.storeId !== this.options.storeId)
      throw new CheckpointMovedError(`reaction ${this.name}`);
    const due = this.isHeld ? [] : await dueFailures(pool, this.name, LOOK);
    let settled = false;
    for (const failure of due) {
      if (signal.aborted) return false;
      settled = (await this.tryAgain(failure)) || settled;
    }
    // One that is done lets the next of its stream be tried.
    const more = settled || due.length === LOOK;
    this.nextLook = more ? 0 : performance.now() + this.lookMs;
    return more;
  }

  private async tryAgain(failure: DueFailure): Promise<boolean> {
    const { pool, store, log } = this.options;
    const [stored] = await readAt(store, failure.stream, failure.revision);
    const outcome =
      stored?.id === failure.eventId ? await this.handler.handle(stored) : { error: 'The event is not in the log any more' };
    if (typeof outcome !== 'object') {
      await settleFailure(pool, this.name, failure);
      return true;
    }
    const parked = await failAgain(pool, this.name, failure, outcome.error, this.retry);
    if (parked)
      log(
        `reaction ${this.name} has parked event ${failure.eventId} of ${failure.stream} at ${failure.revision}: ${outcome.error}`,
      );
    return false;
  }
}

/** A position that no event ever has. */
const NEVER = 2n ** 63n;

const isBackfill = (event: StoredEvent): boolean => (event.metadata as { backfill?: boolean } | undefined)?.backfill === true;

const nameOf = ({ type, id, stream, revision }: StoredEvent): string => `${type} ${id} (${stream} at ${revision})`;

async function readAt(store: Pick<EventStore, 'readStream'>, stream: string, revision: bigint): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of store.readStream(stream, { from: revision, maxCount: 1 })) found.push(event);
  return found;
}

const idAt = async (store: Pick<EventStore, 'readStream'>, stream: string, revision: bigint): Promise<string | undefined> =>
  (await readAt(store, stream, revision))[0]?.id;
