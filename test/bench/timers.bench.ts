import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HuicaiSystem, loadReferenceData, runWorker, timerStatus } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { startEmbeddedPostgres } from '@huicai/embedded-postgres';
import type { StoredEvent } from '@huicai/event-store';
import { waitForPosition } from '@huicai/projections';
import { dueTimers } from '../../libs/contexts/cases/views/sla-timers.view.js';
import { accept, dispatch, openOffice, takeThrough } from '../faults/office.fixture.js';
import { SetClock } from '../faults/rig.fixture.js';
import { quantiles, type Result, round } from './support/measure.js';
import { printReport } from './support/report.js';

/** Timers due at one instant; every case has two. */
const BURSTS = [500, 500, 500, 10_000];
const OPEN = 100_000;
const POLLS = 200;

interface Bench {
  readonly system: HuicaiSystem;
  readonly clock: SetClock;
  readonly course: readonly StoredEvent[];
  /** Open timers of a case of this course. */
  readonly timersOfEach: number;
}

/** A worker in this process, on a PostgreSQL and an event store of their own; only the clock is set by hand. */
async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-bench-'));
  const kekFile = join(dir, 'kek');
  await writeFile(kekFile, randomBytes(32), { mode: 0o600 });
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres') });
  const store = fork(resolve('dist/apps/eventstore/src/main.js'), ['--dir', join(dir, 'eventstore'), '--port', '0']);
  const ended = new AbortController();
  let system: HuicaiSystem | undefined;
  try {
    const [{ port }] = (await once(store, 'message')) as [{ port: number }];
    await migrate(postgres.url);
    const clock = new SetClock(Date.parse('2026-09-28T09:00:00+08:00'));
    system = await HuicaiSystem.open({
      databaseUrl: postgres.url,
      eventStoreUrl: `esdb://127.0.0.1:${port}?tls=false`,
      kekFile,
      clock,
    });
    await loadReferenceData(system);
    const { caseId } = await takeThrough(await openOffice(system, clock), [accept, dispatch()]);
    const course: StoredEvent[] = [];
    for await (const event of system.store.readStream(`case-${caseId}`)) course.push(event);
    const log = (line: string) => void process.stderr.write(`${line}\n`);
    const working = runWorker({ system, databaseUrl: postgres.url, signal: ended.signal, log });
    const { pool } = system;
    await becomes(() => waitForPosition(pool, 'sla_timers', course.at(-1)!.position, 1_000));
    const bench = { system, clock, course, timersOfEach: await openOf(system, [caseId]) };
    const results: Result[] = [];
    for (const timers of BURSTS) results.push(...(await burst(bench, timers)));
    results.push(await poll(bench, 'a look with nothing open'));
    await fill(bench);
    results.push(await poll(bench, `a look with ${OPEN} open, none due`));
    printReport(
      {
        bench: 'timers',
        load: `bursts of ${BURSTS.join(', ')} timers due at one instant; times from the due instant to the breach in the store`,
        results,
        ratios: {},
      },
      process.argv.includes('--json'),
    );
    ended.abort();
    await working;
  } finally {
    ended.abort();
    await system?.close();
    store.kill('SIGKILL');
    await postgres.stop();
    // As root it is kept elsewhere.
    for (const path of [postgres.dir, dir]) await rm(path, { recursive: true, force: true });
  }
}

/** Lets so many timers become due at one instant, and tells when each was recorded. */
async function burst({ system, clock, course, timersOfEach }: Bench, timers: number): Promise<Result[]> {
  clock.time = Date.parse('2026-09-28T09:30:00+08:00');
  const ids = Array.from({ length: timers / 2 }, () => randomUUID());
  let next = 0;
  const lane = async () => {
    for (let id = ids[next++]; id !== undefined; id = ids[next++]) await copy(system, course, id);
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  await becomes(async () => (await openOf(system, ids)) === timersOfEach * ids.length);
  // Sign-for and first contact are due at the same instant.
  const { rows } = await system.pool.query<{ due: Date; n: number }>(
    'select due, count(*)::int as n from read.sla_timers where case_id = any($1::uuid[]) group by due order by due limit 1',
    [ids],
  );
  if (rows[0]?.n !== timers) throw new Error(`${rows[0]?.n} timers are due at once, not ${timers}`);
  let from: bigint | undefined;
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) from = event.position;
  const began = Date.now();
  clock.time = rows[0].due.getTime() + 1;
  await becomes(async () => (await timerStatus(system.pool, new Date(clock.time))).due === 0);
  const seen = Date.now() - began;
  const took: number[] = [];
  const streams = new Set(ids.map((id) => `case-${id}`));
  for await (const event of system.store.readAll({ after: from! }))
    if (event.type === 'BreachRecorded' && streams.has(event.stream)) took.push(event.created - began);
  if (took.length !== timers) throw new Error(`${took.length} breaches were recorded, not ${timers}`);
  const last = Math.max(...took);
  return [
    { name: `${timers} at once: recorded after`, value: last, unit: 'ms', ...quantiles(took) },
    { name: `${timers} at once: rate`, value: round((timers / last) * 1_000), unit: '/s' },
    { name: `${timers} at once: gone from the view after`, value: seen, unit: 'ms' },
  ];
}

async function copy(system: HuicaiSystem, course: readonly StoredEvent[], caseId: string): Promise<void> {
  const copies = course.map(({ type, data, metadata }) => ({
    id: randomUUID(),
    type,
    data: type === 'CaseRegistered' ? { ...(data as object), caseId } : (data as object),
    metadata: metadata as object,
  }));
  const { outcome } = await system.store.append(`case-${caseId}`, 'no_stream', copies);
  if (outcome !== 'appended') throw new Error(`An append ended as ${outcome}`);
}

const openOf = async (system: HuicaiSystem, ids: readonly string[]): Promise<number> =>
  (
    await system.pool.query<{ n: number }>(
      'select count(*)::int as n from read.sla_timers where due is not null and case_id = any($1::uuid[])',
      [ids],
    )
  ).rows[0]!.n;

/** What the worker asks at every look. */
async function poll({ system }: Bench, name: string): Promise<Result> {
  const took: number[] = [];
  for (let i = 0; i < POLLS; i++) {
    const from = performance.now();
    await dueTimers(system.pool, new Date('2026-01-01T00:00:00Z'), 500);
    took.push(performance.now() - from);
  }
  return { name, value: quantiles(took).p50!, unit: 'ms', ...quantiles(took) };
}

async function fill({ system }: Bench): Promise<void> {
  await system.pool.query(
    `insert into read.sla_timers (case_id, clock_id, due, withdrawn) select gen_random_uuid(), 'total/1/1', timestamptz '2030-01-01' + n * interval '1 second', 0
     from generate_series(1, ${OPEN}) n`,
  );
}

async function becomes(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
});
