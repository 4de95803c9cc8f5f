/** One list of rows. */
export interface List {
  /** Which rows stand on it: a condition on the columns of a row. */
  readonly where: string;
  /** Instant the list is ordered by, ascending; `infinity` allowed, never null. */
  readonly place: string;
  /** Another instant kept with every place, so that a page can pass over rows without looking at them; never null. */
  readonly since?: string;
  /** Counted by the hour of the place, so that a range of places is counted by a sum. */
  readonly hourly?: true;
}

/**
 * Lists of a table's rows, kept beside it: pages and exact counts that cost the same however many rows the table has. Rows are seen
 * by scope (everybody's, a department's, …), so every list is kept once for each scope.
 */
export interface ListSpec {
  readonly lists: Readonly<Record<string, List>>;
  /** A query that gives the scopes of a row as one column of text, from the columns of a row and the name of the list, `l.list`. */
  readonly scopes: string;
}

/** What stands for the hour of a list that is not counted by the hour. */
const NO_HOUR = 0;
/** The hour of the place `infinity`. */
export const NEVER_HOUR = 2_147_483_647;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const HOUR = `case when isfinite(place) then floor(extract(epoch from place) / 3600)::int4 else ${NEVER_HOUR} end`;

/** Hours since 1970 that an instant lies in, as counts have it. */
export const hourOf = (at: Date): number => Math.floor(at.getTime() / 3_600_000);

/** Where the rows of a relation stand: list, scope, place, since and key. */
function standing(of: string, { lists, scopes }: ListSpec, key: readonly string[]): string {
  const all = Object.entries(lists).map(
    ([name, { where, place, since = place }]) => `(${literal(name)}, (${where}), ${place}, ${since})`,
  );
  const any = Object.values(lists).map(({ where }) => `(${where})`);
  return (
    `select l.list, s.scope, l.place, l.since, ${key.map((column) => `r.${column}`).join(', ')} from ${of} r ` +
    `cross join lateral (values ${all.join(', ')}) l (list, stands, place, since) ` +
    `cross join lateral (${scopes}) s (scope) where (${any.join(' or ')}) and l.stands`
  );
}

/** An `update` that puts a row off one list and on another is one statement, so counts follow what was taken off and put on, not the rows. */
const countSql = (schema: string, { lists }: ListSpec): string => {
  const hourly = Object.entries(lists).flatMap(([name, { hourly: by }]) => (by ? [literal(name)] : []));
  const hour = hourly.length === 0 ? NO_HOUR : `case when list in (${hourly.join(', ')}) then ${HOUR} else ${NO_HOUR} end`;
  return (
    `merge into ${schema}.counts c using (select list, scope, ${hour} as hour, sum(n)::int4 as n from moved group by 1, 2, 3 having sum(n) <> 0) d ` +
    'on c.list = d.list and c.scope = d.scope and c.hour = d.hour ' +
    'when matched and c.n + d.n = 0 then delete when matched then update set n = c.n + d.n ' +
    'when not matched then insert (list, scope, hour, n) values (d.list, d.scope, d.hour, d.n)'
  );
};

/**
 * The statements that make lists and counts of the rows that are there, and keep them from then on: by triggers, so that they change
 * with the rows in one statement, whoever writes those and however (copy, upsert, delete, sweep, a step back to a savepoint).
 *
 * @param spec columns of the table's key as its DDL has them, and the lists
 */
export function listsDdl(schema: string, key: Readonly<Record<string, string>>, spec: ListSpec): string[] {
  const names = Object.keys(key);
  const columns = ['list', 'scope', 'place', 'since', ...names].join(', ');
  const listed = `${schema}.listed`;
  const was = standing('old_rows', spec, names);
  const is = standing('new_rows', spec, names);
  const same = ['list', 'scope', 'place', 'since', ...names].map((column) => `t.${column} = w.${column}`).join(' and ');
  // Place by place, never by a join: the plan is made once, when there are few, and then walks all of them for each.
  const off = (from: string) =>
    `off as (delete from ${listed} where ctid = any (array(select (select t.ctid from ${listed} t where ${same}) from (${from}) w)) ` +
    'returning list, scope, place)';
  const on = (from: string) => `put as (insert into ${listed} (${columns}) ${from} returning list, scope, place)`;
  const [taken, given] = ['select list, scope, place, -1 as n from off', 'select list, scope, place, 1 as n from put'];
  const count = countSql(schema, spec);
  return [
    `create table ${listed} (list text not null, scope text not null, place timestamptz not null, since timestamptz not null, ` +
      `${names.map((name) => `${name} ${key[name]} not null`).join(', ')})`,
    `create table ${schema}.counts (list text not null, scope text not null, hour int4 not null, n int4 not null, primary key (list, scope, hour))`,
    `insert into ${listed} (${columns}) ${standing(`${schema}.rows`, spec, names)}`,
    `alter table ${listed} add primary key (list, scope, place, ${names.join(', ')}, since)`,
    `with moved as (select list, scope, place, 1 as n from ${listed}) ${count}`,
    `analyze ${listed}`,
    trigger(schema, 'insert', 'referencing new table as new_rows', `with ${on(is)}, moved as (${given}) ${count}`),
    trigger(schema, 'delete', 'referencing old table as old_rows', `with ${off(was)}, moved as (${taken}) ${count}`),
    trigger(
      schema,
      'update',
      'referencing old table as old_rows new table as new_rows',
      `with before as materialized (${was}), after as materialized (${is}), ` +
        `${off('select * from before except select * from after')}, ${on('select * from after except select * from before')}, ` +
        `moved as (${taken} union all ${given}) ${count}`,
    ),
    trigger(schema, 'truncate', '', `truncate ${listed}, ${schema}.counts`),
  ];
}

/** A change touches few places of many, but the planner does not know how few rows a statement has changed: it is told to go by the key. */
const BY_KEY = ['hashjoin', 'mergejoin', 'seqscan'].map((way) => `set enable_${way} = off`).join(' ');

function trigger(schema: string, event: string, referencing: string, body: string): string {
  return (
    `create function ${schema}.lists_after_${event}() returns trigger language plpgsql ${BY_KEY} as $lists$ begin ${body}; return null; end $lists$; ` +
    `create trigger lists_after_${event} after ${event} on ${schema}.rows ${referencing} for each statement execute function ${schema}.lists_after_${event}()`
  );
}
