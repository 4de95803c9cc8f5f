import type { Queryable } from '@huicai/projections';

/**
 * Every row of every read model and its checkpoint, as text that is equal when the tables are: by `schema.table`, sorted. Only the
 * wall-clock time a checkpoint was moved at is left out.
 *
 * @param like schemas wanted, as a pattern for SQL's `like`
 */
export async function dumpReadModels(db: Queryable, like = 'read\\_%'): Promise<Map<string, string[]>> {
  const { rows: tables } = await db.query<{ schema: string; name: string }>(
    `select schemaname as schema, tablename as name from pg_tables where schemaname like $1 order by 1, 2`,
    [like],
  );
  const dump = new Map<string, string[]>();
  for (const { schema, name } of tables) {
    const row = name === 'checkpoint' ? "to_jsonb(t) - 'updated_at'" : 'to_jsonb(t)';
    const { rows } = await db.query<{ row: string }>(
      `select (${row})::text collate "C" as row from ${schema}.${name} t order by 1`,
    );
    dump.set(
      `${schema}.${name}`,
      rows.map((r) => r.row),
    );
  }
  return dump;
}
