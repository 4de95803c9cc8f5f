import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { migrate } from '@huicai/database';
import { startEmbeddedPostgres } from '@huicai/embedded-postgres';
import { createReadPool, hideDdl, indexDdl, LiveProjection, showDdl } from '@huicai/projections';
import type { Pool } from 'pg';
import { stories, TIME } from '../../libs/contexts/cases/case.fixture.js';
import type { CaseFacts } from '../../libs/contexts/cases/facts.js';
import { QUEUE_NAMES } from '../../libs/contexts/reporting/views/queues.js';
import { type QueueFilter, type QueueScope, readQueue } from '../../libs/contexts/reporting/views/service-queue.queries.js';
import { queueRow, serviceQueue } from '../../libs/contexts/reporting/views/service-queue.view.js';
import { quantiles, type Result, round } from './support/measure.js';
import { printReport } from './support/report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    cases: { type: 'string', default: '100000,1000000' },
    requests: { type: 'string', default: '320' },
  },
});
const SIZES = options.cases.split(',').map(Number);
const REQUESTS = Number(options.requests);
const USERS = 16;
const DEPARTMENTS = 18;
const SPECIALISTS = 60;
/** Of a thousand cases, so many are open; a hundred are made by the projection, the others are copies of them. */
const OPEN_SHARE = 0.02;
const MADE = 4_000;
const NOW = new Date('2026-10-14T10:00:00+08:00');
const WEEK = 7 * 86_400_000;
const STORE_ID = '0192aaaa-0000-7000-8000-000000000001';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const specialistId = (n: number) => `00000000-0000-4000-8000-${String(n % SPECIALISTS).padStart(12, '0')}`;

const OPEN = [stories.accepted, stories.dispatched, stories.signedFor, stories.taken, stories.contacted, stories.paused];
const DONE = [stories.resultAccepted, stories.calledBack];
const ENDED = [stories.closed, stories.rated, stories.withdrawn, stories.declined];

/** Every instant of a case so many weeks earlier. */
function earlier<T>(value: T, weeks: number): T {
  const shift = (each: unknown): unknown => {
    if (typeof each === 'number') return each > 1e12 ? each - weeks * WEEK : each;
    if (Array.isArray(each)) return each.map(shift);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, one]) => [key, shift(one)]));
  };
  return shift(value) as T;
}

/** A case as its events tell it, of whomever and whenever; one in a hundred is a bad one, one in a thousand was opened over and over. */
function factsOf(n: number): CaseFacts {
  const open = n < MADE * OPEN_SHARE;
  const from = open ? [...OPEN, ...OPEN, ...DONE] : ENDED;
  const { facts } = from[n % from.length]!;
  const moved = earlier(facts, open ? n % 2 : 1 + (n % 500));
  return {
    ...moved,
    caseId: randomUUID(),
    talentId: randomUUID(),
    number: `LS-2026-${String(n).padStart(6, '0')}`,
    departmentId: moved.departmentId && `d${n % DEPARTMENTS}`,
    coDepartmentIds: n % 10 === 0 ? [`d${(n + 1) % DEPARTMENTS}`] : [],
    specialistId: moved.specialistId && specialistId(n),
    cycle: n % 1_000 === 0 ? 3 : 1,
    callbacks: n % 100 === 0 ? [{ at: moved.lastAt, reachability: 'VALID', resolved: false, satisfaction: 1 }] : moved.callbacks,
    supervisions:
      open && n % 10 === 0 ? [{ cycle: 1, cause: 'ORDERED', raisedAt: moved.lastAt, workedOffAt: null, closedAt: null }] : [],
    talentWroteAt: open && n % 20 === 0 ? moved.lastAt : null,
  };
}

/**
 * Rows the projection derives from cases, and copies of them until there are as many as wanted: others' cases, days and hours apart.
 * As in a rebuild the rows come first, then the projection's own statements make indexes, lists and counts of them.
 */
async function fill(pool: Pool, live: LiveProjection, cases: number): Promise<void> {
  const { schema } = live;
  await pool.query([...hideDdl(live.name), `drop schema if exists ${schema} cascade`, ...live.besideDdl(STORE_ID)].join('; '));
  const rows = Array.from({ length: MADE }, (_, n) => queueRow(factsOf(n), TIME));
  for (let i = 0; i < rows.length; i += 500)
    await pool.query(`insert into ${schema}.rows select * from jsonb_populate_recordset(null::${schema}.rows, $1::jsonb)`, [
      JSON.stringify(rows.slice(i, i + 500)),
    ]);
  const { rows: found } = await pool.query<{ name: string }>(
    'select column_name as name from information_schema.columns where table_schema = $1 and table_name = $2 order by ordinal_position',
    [schema, 'rows'],
  );
  const columns = found.map(({ name }) => {
    if (name === 'case_id' || name === 'talent_id') return 'gen_random_uuid()';
    if (name === 'number') return `number || '-' || n`;
    if (/_at$|_due$/.test(name)) return `${name} + (n % 3000) * interval '7 minutes' * (case when open then 1 else -1 end)`;
    return name;
  });
  const copies = Math.ceil(cases / MADE) - 1;
  if (copies > 0)
    await pool.query(
      `insert into ${schema}.rows select ${columns.join(', ')} from ${schema}.rows, generate_series(1, ${copies}) n`,
    );
  await pool.query([...indexDdl(schema, serviceQueue.table), ...showDdl(live.name, schema)].join('; '));
  for (const table of ['rows', 'listed', 'counts']) await pool.query(`vacuum analyze ${schema}.${table}`);
}

const scopeFor = (n: number): QueueScope => {
  const departmentId = `d${n % DEPARTMENTS}`;
  if (n % 3 === 0) return { kind: 'all' };
  return n % 3 === 1 ? { kind: 'department', departmentId } : { kind: 'specialist', specialistId: specialistId(n), departmentId };
};

/** The slow end of what so many users at once wait for, each asking as one of three roles. */
async function ask(name: string, work: (n: number) => Promise<unknown>): Promise<Result> {
  const took: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let n = next++; n < REQUESTS + USERS; n = next++) {
      const from = performance.now();
      await work(n);
      // The first of each user warms up.
      if (n >= USERS) took.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: USERS }, lane));
  const { p50, p95, p99 } = quantiles(took);
  return { name, value: p50!, unit: 'ms', p50: p50!, p95: p95!, p99: p99! };
}

const AD_HOC: Readonly<Record<string, QueueFilter>> = {
  'filter: item, red': { itemCode: '03', light: 'RED' },
  'filter: department, paused': { departmentId: 'd7', paused: true },
  'filter: closed in a quarter, of a department': {
    status: 'CLOSED',
    departmentId: 'd7',
    acceptedFrom: new Date('2024-04-01T00:00:00+08:00'),
    acceptedBefore: new Date('2024-07-01T00:00:00+08:00'),
  },
  'search: beginning of a number': { number: 'LS-2026-0012', open: true },
};

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-bench-'));
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres') });
  const pool = createReadPool(postgres.url);
  try {
    await migrate(postgres.url);
    const live = new LiveProjection(serviceQueue, ['CaseRegistered']);
    const results: Result[] = [];
    const slowest = new Map<number, Map<string, number>>();
    for (const cases of SIZES) {
      say(`Filling ${cases} cases …`);
      await fill(pool, live, cases);
      const p95 = new Map<string, number>();
      slowest.set(cases, p95);
      const add = (result: Result) => {
        p95.set(result.name, result.p95!);
        results.push({ ...result, name: `${cases}: ${result.name}` });
        say(`${cases}: ${result.name}: p95 ${result.p95} ms`);
      };
      const { rows: ids } = await pool.query<{ case_id: string }>(`select case_id from ${live.schema}.rows limit 1000`);
      add(
        await ask('bare lookup by primary key', (n) =>
          pool.query('select * from read.service_queue where case_id = $1', [ids[n % ids.length]!.case_id]),
        ),
      );
      for (const queue of QUEUE_NAMES) add(await ask(queue, (n) => readQueue(pool, scopeFor(n), { queue }, { limit: 50 }, NOW)));
      for (const [name, filter] of Object.entries(AD_HOC))
        add(await ask(name, (n) => readQueue(pool, scopeFor(n), filter, { limit: 50 }, NOW)));
    }
    const [few, many] = [SIZES[0]!, SIZES.at(-1)!].map((cases) => slowest.get(cases)!) as [
      Map<string, number>,
      Map<string, number>,
    ];
    const worst = (names: readonly string[], of: Map<string, number>) => Math.max(...names.map((name) => of.get(name)!));
    printReport(
      {
        bench: 'queues',
        load:
          `${SIZES.join(' and ')} cases, one in fifty open: ${MADE} rows derived by the projection's own function, the others copies of them with ids ` +
          `and times of their own; indexes, lists and counts made by the projection's own statements as at the end of a rebuild; ${USERS} users at once, a third of them each seeing all, a department's, a specialist's; page of 50 and exact count`,
        results,
        ratios: {
          slowestQueueP95Ms: worst(QUEUE_NAMES, many),
          slowestAdHocP95Ms: worst(Object.keys(AD_HOC), many),
          slowestQueueGrowth: round(Math.max(...QUEUE_NAMES.map((name) => many.get(name)! / few.get(name)!))),
          slowestQueueToLookup: round(worst(QUEUE_NAMES, many) / many.get('bare lookup by primary key')!),
        },
      },
      options.json,
    );
  } finally {
    await pool.end();
    await postgres.stop();
    for (const path of [postgres.dir, dir]) await rm(path, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
});
