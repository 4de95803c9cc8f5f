import { allProjections } from '@huicai/composition';
import { createReadPool, freshnessOf } from '@huicai/projections';
import { resolveConnections } from '@huicai/runtime';

interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /** Commit position, decimal; null before the first event. */
  readonly position: string | null;
  readonly asOf: string | null;
  readonly failed: string | null;
}

/** Prints how far every projection is, as a table or, with `json`, as one document. */
export async function statusCommand({ json = false }: { json?: boolean }): Promise<void> {
  const pool = createReadPool(resolveConnections(process.env).databaseUrl, 2);
  try {
    const all: ProjectionStatus[] = [];
    for (const { name, version } of allProjections.keys()) {
      const { position, asOf, failed } = await freshnessOf(pool, name);
      all.push({ name, version, position: position?.toString() ?? null, asOf: asOf?.toISOString() ?? null, failed });
    }
    if (json) process.stdout.write(`${JSON.stringify({ projections: all })}\n`);
    else for (const p of all) process.stdout.write(`${row(p)}\n`);
  } finally {
    await pool.end();
  }
}

const row = ({ name, version, position, asOf, failed }: ProjectionStatus): string =>
  `${`${name} v${version}`.padEnd(28)} at ${(position ?? 'the start').padEnd(12)} ${failed ? `STOPPED: ${failed}` : `fresh as of ${asOf ?? 'never'}`}`;
