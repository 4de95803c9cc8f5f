import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '@huicai/kernel';
import { BatchRows } from './batch-rows.js';
import { addLetters, type NewLetter, type Parking } from './dead-letters.js';
import { faultText } from './dead-letters-fault.js';
import { FoldError, isPoison } from './outage.js';
import type { AnyProjection } from './projection.js';
import type { Queryable } from './queryable.js';
import type { TableWriter } from './table.js';
import { dataOf, expectReadable } from './unreadable.js';

/** So many parked partitions are a fault of the fold, not of events: the projection stops instead. */
export const MAX_PARKED = 1_000;

/** After so many events others get a turn: a large batch must not hold up what else the process does, least of all its reading. */
const AT_ONCE = 500;

/** One set of tables and the fold that fills it. */
export interface FoldTarget {
  readonly schema: string;
  readonly definition: AnyProjection;
  readonly writer: TableWriter;
}

export interface FoldOptions {
  readonly parking: Parking;
  /**
   * Writes between savepoints, and finds partition and event at fault when PostgreSQL refuses the rows. Left out, a refusal is
   * thrown: that is the fast way, to be followed by a careful one.
   */
  readonly careful?: boolean;
  readonly maxParked?: number;
}

/** How far a partition came: the event at this place could not be folded, or its rows not be stored. */
export interface Halt {
  readonly at: number;
  readonly error: string;
}

/**
 * Folds a projection's share of a batch into its tables. An event that can not be folded parks its partition: the rows stay what
 * they were before it, it becomes a dead letter, and what follows in the partition queues behind it.
 *
 * @returns the events that were put aside
 * @throws FoldError when it can not be told which partition is at fault, or when too many would be parked
 */
export async function foldBatch(
  db: Queryable,
  target: FoldTarget,
  events: readonly RecordedEvent[],
  reference: unknown,
  { parking, careful = false, maxParked = MAX_PARKED }: FoldOptions,
): Promise<readonly NewLetter[]> {
  const { schema, definition } = target;
  const open = new Map<string, RecordedEvent[]>();
  const letters: NewLetter[] = [];
  for (const event of events) {
    if (parking.isSkipped(definition.name, event.id)) continue;
    const partition = blaming(event, () => definition.partition(event));
    if (partition === undefined) continue;
    if (parking.isParked(schema, partition)) letters.push({ partition, event, error: null });
    else {
      const before = open.get(partition);
      if (before) before.push(event);
      else open.set(partition, [event]);
    }
  }
  const halts = await foldPartitions(db, target, open, reference, careful);
  for (const [partition, { at, error }] of halts)
    for (const [i, event] of open.get(partition)!.entries())
      if (i >= at) letters.push({ partition, event, error: i === at ? error : null });
  if (halts.size > 0 && parking.parkedOf(schema) + halts.size > maxParked)
    throw new FoldError(`more than ${maxParked} partitions would be parked, the last by: ${[...halts.values()].at(-1)!.error}`);
  await addLetters(db, { projection: definition.name, schema }, letters);
  return letters;
}

/**
 * Folds whole partitions, each as far as it goes, and writes what has become of them.
 *
 * @returns where a partition came to a halt; those not named were folded to the end
 * @throws what PostgreSQL says to the rows, unless `careful`
 */
export async function foldPartitions(
  db: Queryable,
  target: FoldTarget,
  open: ReadonlyMap<string, readonly RecordedEvent[]>,
  reference: unknown,
  careful: boolean,
): Promise<Map<string, Halt>> {
  if (open.size === 0) return new Map();
  const work = new PartitionWork(db, target, reference);
  if (!careful) return work.foldAndWrite(open);
  const { found, refused } = await savepoint(db, () => work.foldAndWrite(open));
  if (refused === undefined) return found;
  const halts = new Map<string, Halt>();
  for (const one of open) {
    const halt = await work.foldAlone(...one);
    if (halt) halts.set(one[0], halt);
  }
  return halts;
}

/** The fold of some partitions, inside one transaction. */
class PartitionWork {
  constructor(
    private readonly db: Queryable,
    private readonly target: FoldTarget,
    private readonly reference: unknown,
  ) {}

  async foldAndWrite(open: ReadonlyMap<string, readonly RecordedEvent[]>): Promise<Map<string, Halt>> {
    const changes = await this.load([...open.keys()]);
    const halts = new Map<string, Halt>();
    let folded = 0;
    for (const [partition, events] of open) {
      const halt = await this.foldOne(changes, partition, events);
      if (halt) halts.set(partition, halt);
      folded += events.length;
      if (folded < AT_ONCE) continue;
      folded = 0;
      await nextTurn();
    }
    await this.write(changes);
    return halts;
  }

  /** Finds out which event of a partition makes the rows that are refused, by writing after each. */
  async foldAlone(partition: string, events: readonly RecordedEvent[]): Promise<Halt | undefined> {
    const whole = await savepoint(this.db, () => this.foldAndWrite(new Map([[partition, events]])));
    if (whole.refused === undefined) return whole.found.get(partition);
    for (const [at, event] of events.entries()) {
      const { found, refused } = await savepoint(this.db, () => this.foldAndWrite(new Map([[partition, [event]]])));
      if (refused !== undefined) return { at, error: faultText(refused, event.data, []) };
      const halt = found.get(partition);
      if (halt) return { ...halt, at };
    }
    return undefined;
  }

  /** Rows of these partitions as they stand. */
  private async load(partitions: readonly string[]): Promise<BatchRows> {
    const { definition, writer } = this.target;
    const changes = new BatchRows(writer, definition.table.partition);
    if (!definition.appendOnly) changes.loaded(await writer.load(this.db, partitions));
    return changes;
  }

  private async foldOne(changes: BatchRows, partition: string, events: readonly RecordedEvent[]): Promise<Halt | undefined> {
    if (this.foldInShort(changes, partition, events)) return undefined;
    const { short } = this.target.definition;
    // In short it can not be told which event a row fails by.
    const failed = short ? { at: events.length, error: '' } : this.fold(changes, partition, events);
    const halt = failed && (await this.stepBack(changes, partition, events, failed));
    return halt && halt.at < events.length ? halt : undefined;
  }

  /** Whether there is such a fold and it came to the end. */
  private foldInShort(changes: BatchRows, partition: string, events: readonly RecordedEvent[]): boolean {
    const { short } = this.target.definition;
    if (!short) return false;
    const rows = changes.partition(partition);
    try {
      for (const event of events) {
        expectReadable(event);
        short.fold(rows, event, this.reference);
      }
      changes.complete(partition, (row) => short.whole(row, this.reference));
      return true;
    } catch {
      // Told by the fold of whole rows, which fails by the same event.
      return false;
    }
  }

  private fold(changes: BatchRows, partition: string, events: readonly RecordedEvent[]): Halt | undefined {
    const rows = changes.partition(partition);
    for (const [at, event] of events.entries())
      try {
        expectReadable(event);
        this.target.definition.fold(rows, event, this.reference);
      } catch (error) {
        return { at, error: faultText(error, dataOf(event), rows.all()) };
      }
    return undefined;
  }

  /**
   * Undoes what an event has done before it failed. It may have changed the rows it was given in place, so they are loaded again
   * and the events before it folded again. One of those failing now would be the place instead.
   */
  private async stepBack(changes: BatchRows, partition: string, events: readonly RecordedEvent[], halt: Halt): Promise<Halt> {
    const { definition, writer } = this.target;
    for (let last = halt; ; ) {
      changes.forget(partition);
      if (!definition.appendOnly) changes.loaded(await writer.load(this.db, [partition]));
      const earlier = this.fold(changes, partition, events.slice(0, last.at));
      if (!earlier) return last;
      last = earlier;
    }
  }

  private async write(changes: BatchRows): Promise<void> {
    const { writer } = this.target;
    const { deleted, known, fresh } = changes.changes();
    await writer.delete(this.db, deleted);
    await writer.upsert(this.db, [...known, ...fresh]);
  }
}

type Attempt<T> = { readonly found: T; readonly refused?: undefined } | { readonly found?: undefined; readonly refused: object };

/** Does work that is undone when PostgreSQL refuses its rows, without giving up the transaction. */
async function savepoint<T>(db: Queryable, work: () => Promise<T>): Promise<Attempt<T>> {
  await db.query('savepoint fold');
  try {
    const found = await work();
    await db.query('release savepoint fold');
    return { found };
  } catch (error) {
    if (!isPoison(error)) throw error;
    await db.query('rollback to savepoint fold; release savepoint fold');
    return { refused: error as object };
  }
}

/** Names the event in whatever its work throws. */
function blaming<T>(event: RecordedEvent, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { id, type, stream, revision } = event;
    throw new FoldError(`${type} ${id} (${stream} at ${revision}): ${(error as Error)?.message ?? String(error)}`, error);
  }
}
