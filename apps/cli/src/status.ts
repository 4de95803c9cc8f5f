import { allProjections } from '@huicai/composition';
import { connectEventStore } from '@huicai/event-store';
import { createReadPool, freshnessOf } from '@huicai/projections';
import { resolveConnections } from '@huicai/runtime';
import { seedInProgress } from '@huicai/seed';

interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /** Commit position, decimal; null before the first event. */
  readonly position: string | null;
  readonly asOf: string | null;
  readonly failed: string | null;
}

/** Prints how far every projection is and whether timers wait, as a table or, with `json`, as one document. */
export async function statusCommand({ json = false }: { json?: boolean }): Promise<void> {
  const { databaseUrl, eventStoreUrl } = resolveConnections(process.env);
  const pool = createReadPool(databaseUrl, 2);
  const store = connectEventStore(eventStoreUrl);
  try {
    const projections: ProjectionStatus[] = [];
    for (const { name, version } of allProjections.keys()) {
      const { position, asOf, failed } = await freshnessOf(pool, name);
      projections.push({ name, version, position: position?.toString() ?? null, asOf: asOf?.toISOString() ?? null, failed });
    }
    const timersHeld = await seedInProgress(store);
    const lines = json ? [JSON.stringify({ projections, timersHeld })] : [...projections.map(row), timersLine(timersHeld)];
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await Promise.allSettled([pool.end(), store.close()]);
  }
}

const row = ({ name, version, position, asOf, failed }: ProjectionStatus): string =>
  `${`${name} v${version}`.padEnd(28)} at ${(position ?? 'the start').padEnd(12)} ${failed ? `STOPPED: ${failed}` : `fresh as of ${asOf ?? 'never'}`}`;

const timersLine = (held: boolean): string =>
  held ? 'timers wait: the reference year was begun and is not complete (npm run cli -- seed goes on with it)' : 'timers fire';
