import { allProjections, HuicaiSystem, ourAggregates, upcasters } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { LiveProjection, Projector } from '@huicai/projections';
import type { Pool } from 'pg';
import { dumpReadModels } from './canonical-dump.js';
import { createTestDatabase } from './database.js';
import { until } from './until.js';

/** Folds the whole log into a database of its own and gives that database's rows. */
export async function replay(eventStoreUrl: string, kekFile: string, patienceMs = 60_000): Promise<Map<string, string[]>> {
  const database = await createTestDatabase();
  await migrate(database.url);
  const system = await HuicaiSystem.open({ databaseUrl: database.url, eventStoreUrl, kekFile });
  const ended = new AbortController();
  try {
    const projections = [...allProjections].map(([definition, types]) => new LiveProjection(definition, types));
    for (const projection of projections) await projection.open(system.pool, system.storeId, async () => undefined);
    let head: bigint | undefined;
    for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
    let seen: bigint | undefined;
    const running = new Projector({
      pool: system.writePool,
      store: system.store,
      upcasters,
      aggregates: ourAggregates,
      projections,
      reference: () => system.facts.time(),
      log: () => undefined,
      onProgress: (progress) => {
        seen = progress.seen;
      },
    }).run(ended.signal);
    await until('the replay', () => head === undefined || (seen !== undefined && seen >= head), patienceMs);
    ended.abort();
    await running;
    return await dumpReadModels(system.pool);
  } finally {
    ended.abort();
    await system.close();
    await database.drop();
  }
}

/** Tables whose live rows differ from a fresh replay, with the first difference; empty when they agree. @param patienceMs for the replay */
export async function compareWithReplay(
  databaseUrl: string,
  eventStoreUrl: string,
  kekFile: string,
  patienceMs = 60_000,
): Promise<string[]> {
  const { createReadPool } = await import('@huicai/projections');
  const pool: Pool = createReadPool(databaseUrl, 2);
  try {
    const fresh = await replay(eventStoreUrl, kekFile, patienceMs);
    let differences: string[] = [];
    // The live side may still be a batch behind the log the replay has read.
    await until('the live read models', async () => {
      differences = differ(await dumpReadModels(pool), fresh);
      return differences.length === 0;
    }).catch(() => undefined);
    return differences;
  } finally {
    await pool.end();
  }
}

function differ(live: Map<string, string[]>, fresh: Map<string, string[]>): string[] {
  const tables = new Set([...live.keys(), ...fresh.keys()]);
  return [...tables].flatMap((table) => {
    const [a, b] = [live.get(table) ?? [], fresh.get(table) ?? []];
    const at = Array.from({ length: Math.max(a.length, b.length) }).findIndex((_, i) => a[i] !== b[i]);
    return at < 0 ? [] : [`${table} row ${at}: live ${a[at]} replayed ${b[at]}`];
  });
}
