import { allProjections, HuicaiSystem, ourAggregates, upcasters } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { createReadPool, LiveProjection, Projector, type Queryable } from '@huicai/projections';
import { dumpReadModels } from './canonical-dump.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { until } from './until.js';

/** A database of its own into which the whole log is folded by one projector that nothing disturbs. */
export class Replay {
  private seen: bigint | undefined;
  private readonly ended = new AbortController();
  private readonly running: Promise<void>;

  private constructor(
    private readonly system: HuicaiSystem,
    private readonly database: TestDatabase,
    projections: readonly LiveProjection[],
  ) {
    this.running = new Projector({
      pool: system.writePool,
      store: system.store,
      upcasters,
      aggregates: ourAggregates,
      projections,
      reference: () => system.facts.time(),
      log: () => undefined,
      batchSize: 2_000,
      onProgress: ({ seen }) => {
        this.seen = seen;
      },
    }).run(this.ended.signal);
    this.running.catch(() => undefined);
  }

  /** Begins to fold, and goes on with whatever comes to the log later. */
  static async start(eventStoreUrl: string, kekFile: string): Promise<Replay> {
    const database = await createTestDatabase();
    await migrate(database.url);
    const system = await HuicaiSystem.open({ databaseUrl: database.url, eventStoreUrl, kekFile });
    const projections = [...allProjections].map(([definition, types]) => new LiveProjection(definition, types));
    for (const projection of projections) await projection.open(system.pool, system.storeId, async () => undefined);
    return new Replay(system, database, projections);
  }

  /** Waits until the log is folded up to where it ends now; gives its rows. */
  async caughtUp(patienceMs = 60_000): Promise<Queryable> {
    let head: bigint | undefined;
    for await (const event of this.system.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
    await until('the replay', () => head === undefined || (this.seen !== undefined && this.seen >= head), patienceMs);
    return this.system.pool;
  }

  /** Tables of a database that differ from the replay's once both stand at the end of the log, with a row of each that does. */
  async differences(live: Queryable, patienceMs = 60_000): Promise<string[]> {
    const fresh = await this.caughtUp(patienceMs);
    let differing: string[] = [];
    // The live side may still be a batch behind the log the replay has read.
    await until('the live read models', async () => {
      differing = await differingTables(live, fresh);
      return differing.length === 0;
    }).catch(() => undefined);
    return Promise.all(differing.map((table) => firstDifference(table, live, fresh)));
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.running.catch(() => undefined);
    await this.system.close();
    await this.database.drop();
  }
}

/** Folds the whole log into a database of its own and gives that database's rows. */
export async function replay(eventStoreUrl: string, kekFile: string, patienceMs?: number): Promise<Map<string, string[]>> {
  const fresh = await Replay.start(eventStoreUrl, kekFile);
  try {
    return await dumpReadModels(await fresh.caughtUp(patienceMs));
  } finally {
    await fresh.close();
  }
}

/** Tables whose live rows differ from a fresh replay, with a row that does; empty when they agree. @param patienceMs for the replay */
export async function compareWithReplay(
  databaseUrl: string,
  eventStoreUrl: string,
  kekFile: string,
  patienceMs?: number,
): Promise<string[]> {
  const pool = createReadPool(databaseUrl, 2);
  const fresh = await Replay.start(eventStoreUrl, kekFile);
  try {
    return await fresh.differences(pool, patienceMs);
  } finally {
    await fresh.close();
    await pool.end();
  }
}

/** Only the wall-clock time a checkpoint was moved at is left out. */
const rowOf = (table: string): string => (table.endsWith('.checkpoint') ? "to_jsonb(t) - 'updated_at'" : 'to_jsonb(t)');
const hashOf = (table: string): string => `hashtextextended((${rowOf(table)})::text, 0)`;

/** How many rows every table of the read models has, and the sum of their hashes. */
async function digests(db: Queryable): Promise<Map<string, string>> {
  const { rows: tables } = await db.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname like 'read\\_%' order by 1`,
  );
  const found = new Map<string, string>();
  for (const { name } of tables) {
    const { rows } = await db.query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(sum(${hashOf(name)}), 0) as digest from ${name} t`,
    );
    found.set(name, rows[0]!.digest);
  }
  return found;
}

async function differingTables(live: Queryable, fresh: Queryable): Promise<string[]> {
  const [a, b] = await Promise.all([digests(live), digests(fresh)]);
  return [...new Set([...a.keys(), ...b.keys()])].filter((table) => a.get(table) !== b.get(table));
}

/** The rows that only one side has, of which one is shown. */
async function firstDifference(table: string, live: Queryable, fresh: Queryable): Promise<string> {
  const hashes = async (db: Queryable) => {
    const { rows } = await db.query<{ hash: string }>(`select (${hashOf(table)})::text as hash from ${table} t`);
    return new Set(rows.map(({ hash }) => hash));
  };
  const missing = (error: unknown) => String((error as Error).message);
  const [a, b] = await Promise.all([hashes(live).catch(missing), hashes(fresh).catch(missing)]);
  if (typeof a === 'string' || typeof b === 'string') return `${table}: ${[a, b].filter((side) => typeof side === 'string')}`;
  const only = async (db: Queryable, mine: Set<string>, theirs: Set<string>) => {
    const own = [...mine].filter((hash) => !theirs.has(hash));
    const { rows } = await db.query<{ row: string }>(
      `select (${rowOf(table)})::text as row from ${table} t where ${hashOf(table)} = any($1::int8[]) order by 1 limit 1`,
      [own],
    );
    return `${own.length} rows, such as ${rows[0]?.row ?? 'none'}`;
  };
  return `${table}: only live ${await only(live, a, b)}; only replayed ${await only(fresh, b, a)}`;
}
