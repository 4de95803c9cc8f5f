import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { allProjections, HuicaiSystem, loadReferenceData, registerAllReactions } from '@huicai/composition';
import { waitForPosition } from '@huicai/projections';
import { stepSpecialist } from '../../libs/contexts/specialists/specialist.intake.js';
import { forkSource } from '../support/processes.js';
import { until } from '../support/until.js';
import { Installation } from './installation.fixture.js';
import { handled, meta, type Office, submit, takeThrough } from './office.fixture.js';
import { SetClock } from './rig.fixture.js';
import { tellAll } from './tell-all.fixture.js';
import { Flood } from './worker-process.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const EVENTS = soak ? 1_000_000 : 4_000;
const PATIENCE_MS = soak ? 1_800_000 : 90_000;
jest.setTimeout(soak ? 7_200_000 : 240_000);

let installation: Installation;
let system: HuicaiSystem;
let office: Office;
const clock = new SetClock(Date.parse('2026-09-28T09:00:00+08:00'));
const children: ChildProcess[] = [];
beforeAll(async () => {
  installation = await Installation.start();
  const { databaseUrl, eventStoreUrl, kekFile } = installation;
  system = await HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile, clock });
  await registerAllReactions(system);
  await loadReferenceData(system);
  office = await tellAll(system, clock);
}, 120_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await system?.close();
  await installation?.end();
}, 60_000);

const tell = (what: string) => soak && process.stdout.write(`${Math.round(performance.now() / 1_000)} s: ${what}\n`);

/** Waits until every view has come to the end of the log. */
async function level(): Promise<void> {
  let head = 0n;
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
  for (const { name } of allProjections.keys())
    expect([name, await waitForPosition(system.pool, name, head, PATIENCE_MS)]).toEqual([name, true]);
}

/** The command line as a process of its own; gives its output. */
async function rebuild(...args: string[]): Promise<string> {
  const { databaseUrl, eventStoreUrl, kekFile } = installation;
  const child = forkSource(join(__dirname, '../../apps/cli/src/main.ts'), ['rebuild', '--all', ...args], {
    DATABASE_URL: databaseUrl,
    EVENTSTORE_URL: eventStoreUrl,
    HUICAI_OIDC_ISSUER: 'https://issuer.example',
    HUICAI_KEK_FILE: kekFile,
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  const [code] = await once(child, 'close');
  tell(`rebuild --all ${args.join(' ')}\n${output}`);
  expect({ code, output }).toEqual({ code: 0, output });
  return output;
}

interface Going {
  /** How often it was done. @throws whatever went wrong */
  stop(): Promise<number>;
}

function again(work: () => Promise<unknown>, pauseMs = 0): Going {
  let ended = false;
  const done = (async () => {
    let times = 0;
    for (; !ended; times++) {
      await work();
      if (pauseMs > 0) await delay(pauseMs);
    }
    return times;
  })();
  done.catch(() => undefined);
  return {
    stop: () => {
      ended = true;
      return done;
    },
  };
}

/** Rows are taken out of these as well as put in: a view that is whole has no fewer than half of what it had. */
const SHRINKING: ReadonlySet<string> = new Set(['sla_timers']);

/** Reads every view in turn; one that ever shows fewer rows than before is not whole. */
function queries(): Going {
  const most = new Map<string, number>();
  return again(
    async () => {
      for (const { name } of allProjections.keys()) {
        const { rows } = await system.pool.query<{ n: number; failed: string | null }>(
          `select count(*)::int as n, (select failed from read.${name}_checkpoint) as failed from read.${name}`,
        );
        const [{ n, failed }] = rows as [{ n: number; failed: string | null }];
        const least = SHRINKING.has(name) ? (most.get(name) ?? 0) / 2 : (most.get(name) ?? 0);
        if (failed !== null || n < least) throw new Error(`${name} shows ${n} rows after ${most.get(name)}; failed: ${failed}`);
        most.set(name, Math.max(n, most.get(name) ?? 0));
      }
    },
    soak ? 1_000 : 0,
  );
}

it(`every read model is rebuilt over ${EVENTS} events while commands and queries go on, and is what it was`, async () => {
  const worker = installation.startWorker();
  const flood = await Flood.of(system.store);
  await flood.send(EVENTS);
  tell(`${flood.sent} events sent`);
  await until('the lead', () => worker.led === 1, PATIENCE_MS);
  await level();
  tell('all views are level');
  // The flood has left the specialist of the office more than they take by themselves.
  const supervisor = { id: 'supervisor-1', role: 'supervisor' } as const;
  await stepSpecialist(system, supervisor, meta(), office.specialistId, { type: 'SetCapacity', data: { openMatters: null } });
  const reading = queries();
  const writing = again(() => {
    // By the worker's clock, so that no timer is in the way of these steps.
    clock.time = Date.now();
    return takeThrough(office, [...handled, submit]);
  });
  const filled = await rebuild();
  expect(filled.match(/ is filled; the live rows are shown as before\./g)).toHaveLength(allProjections.size);
  expect(filled.match(/ rows are the same, 0 differ\./g)).toHaveLength(allProjections.size);
  const switched = await rebuild('--switch');
  expect(switched.match(/ is shown; \w+ is kept\./g)).toHaveLength(allProjections.size);
  expect(await writing.stop()).toBeGreaterThan(0);
  await level();
  expect(await reading.stop()).toBeGreaterThan(1);
  // What was shown before is fed on, and neither timers nor reactions did anything twice.
  expect((await rebuild('--diff')).match(/ rows are the same, 0 differ\./g)).toHaveLength(allProjections.size);
  const { rows: twice } = await system.pool.query(
    `select stream, data ->> 'clockId' as clock from read.history where type = 'BreachRecorded'
     and stream not in (select stream from read.history where type = 'BreachWithdrawn') group by 1, 2 having count(*) > 1`,
  );
  expect(twice).toEqual([]);
  expect(worker.led).toBe(1);
});
