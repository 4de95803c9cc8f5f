import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { allProjections, type HuicaiSystem, rebuildParts } from '@huicai/composition';
import {
  diffGenerations,
  dropGeneration,
  fillBeside,
  freshnessOf,
  readGenerations,
  switchBack,
  switchToCandidate,
  waitForPosition,
} from '@huicai/projections';
import { dumpReadModels } from '../support/canonical-dump.js';
import { forkSource } from '../support/processes.js';
import { replay } from '../support/replay.js';
import { until } from '../support/until.js';
import { accept, dispatch, handled, type Office, openOffice, submit, takeThrough } from './office.fixture.js';
import { Rig, type RunningWorker } from './rig.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
jest.setTimeout(soak ? 600_000 : 120_000);

let rig: Rig;
let system: HuicaiSystem;
let office: Office;
const children: ChildProcess[] = [];
beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open();
  office = await openOffice(system, rig.clock);
});
afterEach(async () => {
  await rig.stopWorkers();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rig?.close());

const registered = (name: string) => [...allProjections].find(([projection]) => projection.name === name)!;
const generations = async (name: string) => (await readGenerations(system.pool)).get(name)!;
const leads = (worker: RunningWorker) => worker.lines.filter((line) => line.startsWith('leading')).length;
const liveSchema = async (name: string) => (await generations(name)).live;

async function working(): Promise<RunningWorker> {
  const worker = rig.work(system);
  await until('the lead', () => leads(worker) === 1);
  return worker;
}

/** Cases one after the other until it is told to stop; gives the position of the last event. */
function flood(): { stop(): Promise<bigint> } {
  let ended = false;
  const done = (async () => {
    let position = 0n;
    while (!ended) ({ position } = await takeThrough(office, [...handled, submit]));
    return position;
  })();
  return {
    stop: () => {
      ended = true;
      return done;
    },
  };
}

/** Reads a view until it is told to stop; gives how often, and throws what went wrong or if it ever shrank. */
function readers(name: string): { stop(): Promise<number> } {
  let ended = false;
  const one = async (sql: string) => {
    let [times, most] = [0, 0];
    for (; !ended; times++) {
      const { rows } = await system.pool.query<{ n: number }>(sql);
      if (rows[0]!.n < most) throw new Error(`${name} went from ${most} rows to ${rows[0]!.n}`);
      most = rows[0]!.n;
    }
    return times;
  };
  const all = Promise.all([
    one(`select count(*)::int as n from read.${name}`),
    one(`select (select count(*) from read.${name})::int as n from read.${name}_checkpoint where position is not null`),
  ]);
  all.catch(() => undefined);
  return {
    stop: async () => {
      ended = true;
      return Math.min(...(await all));
    },
  };
}

/** Rows and checkpoint of a schema beside those a fresh replay has for the projection. */
async function expectReplayed(name: string, ...schemas: string[]): Promise<void> {
  const wanted = await replay(rig.events.connectionString, rig.kekFile);
  const fresh = `read_${name}_v${registered(name)[0].version}`;
  for (const schema of schemas)
    for (const table of ['rows', 'checkpoint']) {
      const found = await dumpReadModels(system.pool, schema.replaceAll('_', '\\_'));
      expect(found.get(`${schema}.${table}`)).toEqual(wanted.get(`${fresh}.${table}`));
    }
}

const shown = async (name: string, position: bigint) =>
  expect(await waitForPosition(system.pool, name, position, 30_000)).toBe(true);

it.each(['service_queue'])(
  'rebuilds %s while commands go on, switches under readers and back, and all are what a replay gives',
  async (name) => {
    const worker = await working();
    await shown(name, (await takeThrough(office, handled)).position);
    const reading = readers(name);
    const writing = flood();
    const parts = rebuildParts(system);
    const { schema, outcome } = await fillBeside(parts, ...registered(name), { batchSize: 50 });
    expect(outcome).toBe('filled');
    const was = await liveSchema(name);
    await switchToCandidate(parts, name);
    for (let i = 0; i < 6; i++) await switchBack(parts, name);
    const last = await writing.stop();
    await shown(name, last);
    expect(await liveSchema(name)).toBe(schema);
    expect(await reading.stop()).toBeGreaterThan(10);
    // The lead was never given up.
    expect(leads(worker)).toBe(1);
    await until(
      'the previous rows',
      async () => (await diffGenerations(system.pool, registered(name)[0])).positions.candidate === last.toString(),
    );
    expect(await diffGenerations(system.pool, registered(name)[0])).toMatchObject({ samples: [] });
    await worker.stop();
    await expectReplayed(name, was, schema);

    // One that leads anew feeds the previous rows as well.
    const again = await working();
    const more = await takeThrough(office, handled);
    await shown(name, more.position);
    await until('the previous rows', async () => {
      const { positions } = await diffGenerations(system.pool, registered(name)[0]);
      return positions.candidate === more.position.toString();
    });
    await dropGeneration(system.pool, name);
    const { position } = await takeThrough(office, [accept, dispatch()]);
    await shown(name, position);
    expect(leads(again)).toBe(1);
  },
);

/** The command line as a process of its own. */
function cli(...args: string[]): { child: ChildProcess; output(): string; ended: Promise<number | null> } {
  const child = forkSource(join(__dirname, '../../apps/cli/src/main.ts'), ['rebuild', ...args], {
    DATABASE_URL: rig.databaseUrl,
    EVENTSTORE_URL: rig.events.connectionString,
    HUICAI_OIDC_ISSUER: 'https://issuer.example',
    HUICAI_KEK_FILE: rig.kekFile,
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (text += part.toString()));
  return { child, output: () => text, ended: once(child, 'close').then(([code]) => code as number | null) };
}

it('is done from the command line: killed, gone on with, compared, switched, switched back, dropped', async () => {
  const worker = await working();
  let position = 0n;
  for (let i = 0; i < 12; i++) ({ position } = await takeThrough(office, [...handled, submit]));
  await shown('case_detail', position);
  const first = cli('case_detail', '--batch', '1');
  const half = await until('some of the way', async () => {
    const now = await generations('case_detail');
    return now.filled > 5 && now;
  });
  first.child.kill('SIGKILL');
  await first.ended;
  expect(half.following).toBe(false);
  await until('the end of his session', async () => {
    const { rows } = await system.pool.query<{ free: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('huicai rebuild case_detail', 0)) as free`,
    );
    return rows[0]!.free;
  });
  const before = (await generations('case_detail')).filled;

  await system.pool.query(
    `update ${half.live}.rows set status = 'WITHDRAWN' where case_id = (select min(case_id::text)::uuid from ${half.live}.rows)`,
  );
  const second = cli('case_detail');
  expect({ code: await second.ended, output: second.output() }).toMatchObject({ code: 0 });
  expect(second.output()).toContain(`${half.candidate} is filled; the live rows are shown as before.`);
  expect(second.output()).toMatch(/\d+ rows are the same, 1 differ\.\n {2}changed: 1\n/);
  expect(second.output()).toMatch(/status: WITHDRAWN -> /);
  expect((await generations('case_detail')).filled).toBeGreaterThan(before);

  const { rows } = await system.pool.query<{ id: string }>(`select min(case_id::text) as id from ${half.live}.rows`);
  const events = cli('case_detail', '--events', rows[0]!.id);
  expect(await events.ended).toBe(0);
  expect(events.output()).toMatch(new RegExp(`case-${rows[0]!.id} revision 0 {2}CaseRegistered`));

  for (const [option, says] of [
    ['--switch', `${half.candidate} is shown; ${half.live} is kept.`],
    ['--switch-back', `${half.live} is shown again`],
    ['--drop', `${half.candidate} was dropped.`],
  ] as const) {
    const step = cli('case_detail', option);
    expect({ code: await step.ended, output: step.output() }).toEqual({ code: 0, output: expect.stringContaining(says) });
  }
  for (const [args, says] of [
    [['no_such_thing'], 'No projection is called no_such_thing; there are'],
    [['case_detail', '--switch'], 'case_detail has no candidate.'],
    [['case_detail', '--switch', '--drop'], 'Only one of'],
    [['case_detail', '--batch', '0'], 'whole number'],
    [[], 'Name projections'],
    [['history', 'case_detail', '--events', 'x'], 'name that one'],
  ] as const) {
    const step = cli(...args);
    expect({ code: await step.ended, output: step.output() }).toEqual({ code: 1, output: expect.stringContaining(says) });
  }
  expect(leads(worker)).toBe(1);
  // The planted row is shown again; one more rebuild mends it.
  const third = cli('--all', '--yes');
  expect({ code: await third.ended, output: third.output() }).toMatchObject({ code: 0 });
  await worker.stop();
  for (const { name } of allProjections.keys()) {
    const now = await generations(name);
    expect(third.output()).toContain(`${now.live} is shown; ${now.previous} is kept.`);
    await expectReplayed(name, now.live);
  }
  const last = cli('--all', '--drop');
  expect(await last.ended).toBe(0);
  for (const { name } of allProjections.keys()) expect((await generations(name)).previous).toBeNull();
});

it('a new version is built beside the old one, which is shown until then', async () => {
  const { live } = await generations('cards');
  const [definition] = registered('cards');
  const older = `read_cards_v${definition.version - 1}`;
  await system.pool.query(`alter schema ${live} rename to ${older}; update ${older}.checkpoint set fold_hash = 'older';
    update ops.projection set live = '${older}' where name = 'cards'`);
  const { rows: before } = await system.pool.query('select * from read.cards order by card_id');
  expect(before.length).toBeGreaterThan(0);
  const reading = readers('cards');
  const worker = await working();
  expect(worker.lines[0]).toBe(
    `Projection cards is shown in version ${definition.version - 1} until version ${definition.version} is built beside it`,
  );
  const { position } = await takeThrough(office, [accept]);
  await shown('case_detail', position);
  await until('the new version', () => worker.lines.includes(`version ${definition.version} of cards is built and shown`));
  await shown('cards', position);
  await reading.stop();
  expect(leads(worker)).toBe(1);
  expect(await generations('cards')).toMatchObject({
    live: `read_cards_v${definition.version}`,
    previous: older,
    candidate: null,
  });
  expect((await system.pool.query('select * from read.cards order by card_id')).rows).toEqual(before);
  expect((await freshnessOf(system.pool, 'cards')).failed).toBeNull();
  await dropGeneration(system.pool, 'cards');
  await worker.stop();
});

it('rows of another fold under the same version stop that projection alone, until it is rebuilt', async () => {
  const { live } = await generations('talents');
  await system.pool.query(`update ${live}.checkpoint set fold_hash = 'other'`);
  const worker = await working();
  const { position } = await takeThrough(office, [accept]);
  await shown('case_detail', position);
  const { failed } = await freshnessOf(system.pool, 'talents');
  expect(failed).toBe('Projection talents was built by another fold. Run: npm run cli -- rebuild talents');
  expect(worker.lines).toContain(failed);
  const parts = rebuildParts(system);
  await fillBeside(parts, ...registered('talents'));
  await switchToCandidate(parts, 'talents');
  const next = await takeThrough(office, [accept]);
  await shown('talents', next.position);
  await expect(switchBack({ ...parts, patienceMs: 0 }, 'talents')).rejects.toThrow(
    'have stopped: Projection talents was built by another fold',
  );
  await dropGeneration(system.pool, 'talents');
  await worker.stop();
});

it('tables that somebody dropped are made anew', async () => {
  const { live } = await generations('specialists');
  await system.pool.query(`drop schema ${live} cascade`);
  const worker = await working();
  const { position } = await takeThrough(office, [accept]);
  await shown('specialists', position);
  await worker.stop();
  await expectReplayed('specialists', live);
});
