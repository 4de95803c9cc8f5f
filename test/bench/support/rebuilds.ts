import { deepStrictEqual } from 'node:assert';
import { allProjections, type HuicaiSystem, rebuildParts } from '@huicai/composition';
import { type AnyProjection, dropGeneration, fillTogether } from '@huicai/projections';
import type { Expected } from './case-log.js';
import type { Round } from './rounds.js';

const registered = (name: string): readonly [AnyProjection, readonly string[]] =>
  [...allProjections].find(([definition]) => definition.name === name)!;

/** Fills projections beside those shown, looks whether the rows are right, and drops them again. @param together in one reading of the log */
export async function rebuild(
  system: HuicaiSystem,
  names: readonly string[],
  expected: Expected,
  together = true,
): Promise<Round> {
  const definitions = names.map(registered);
  const groups = together ? [definitions] : definitions.map((one) => [one]);
  const from = performance.now();
  const schemas: string[] = [];
  for (const group of groups)
    for (const { schema } of await fillTogether(rebuildParts(system), new Map(group))) schemas.push(schema);
  const seconds = (performance.now() - from) / 1_000;
  const faults: string[] = [];
  for (const [i, name] of names.entries()) faults.push(...(await faultsOf(system, name, schemas[i]!, expected)));
  for (const name of names) await dropGeneration(system.pool, name);
  return faults.length > 0 ? { void: faults.join('; ') } : { value: expected.events / seconds };
}

/** In which tables of a schema something other is found than the log tells. */
export async function faultsOf(system: HuicaiSystem, name: string, schema: string, expected: Expected): Promise<string[]> {
  try {
    deepStrictEqual(await found(system, name, schema), wanted(name, expected));
    return [];
  } catch (error) {
    return [`${schema}: ${(error as Error).message}`];
  }
}

function wanted(name: string, { byStatus, cycles, submittedCycles, byType }: Expected): object {
  if (name === 'service_queue') return byStatus;
  if (name === 'sla_cycles') return { cycles, submittedCycles };
  return byType;
}

async function found({ pool }: HuicaiSystem, name: string, schema: string): Promise<object> {
  const counts = async (column: string) => {
    const { rows } = await pool.query<{ key: string; n: number }>(
      `select ${column} as key, count(*)::int as n from ${schema}.rows group by 1`,
    );
    return Object.fromEntries(rows.map(({ key, n }) => [key, n]));
  };
  if (name === 'service_queue') return counts('status');
  if (name === 'history') return counts('type');
  const { rows } = await pool.query<object>(
    `select count(*)::int as cycles, count(submitted_at)::int as "submittedCycles" from ${schema}.rows`,
  );
  return { ...rows[0] };
}
