import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EventStoreDBClient, START } from '@eventstore/db-client';
import { HuicaiSystem, loadReferenceData } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { startEmbeddedPostgres } from '@huicai/embedded-postgres';
import type { StoredEvent } from '@huicai/event-store';
import { type Office, openOffice } from '../faults/office.fixture.js';
import { expectedOf, expectedOfEvents, fillLog, recordCourses } from './support/case-log.js';
import { Emmett } from './support/emmett.js';
import { liveLag } from './support/live-lag.js';
import { type Result, round } from './support/measure.js';
import { projectOneByOne } from './support/per-event.js';
import { faultsOf, rebuild } from './support/rebuilds.js';
import { printReport } from './support/report.js';
import { type Measure, medianRounds, type Round, type Void } from './support/rounds.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    commands: { type: 'string', default: '4000' },
  },
});
const EVENTS = Number(options.events);
const ROUNDS = Number(options.rounds);
const COMMANDS = { perSecond: 200, commands: Number(options.commands) };
const OPEN_AT_ONCE = 1_000;
/** What the slow ones are given of the same log. */
const FEW = Math.min(EVENTS, 10_000);

const QUEUE_AND_SLA = ['service_queue', 'sla_cycles'];
const WITH_HISTORY = [...QUEUE_AND_SLA, 'history'];

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** A clock that runs, from a working hour of the reference calendar on, and can be set. */
class RunningClock {
  private base = Date.parse('2026-09-28T09:00:00+08:00');
  private began = performance.now();
  now(): number {
    return this.base + Math.floor(performance.now() - this.began);
  }
  get time(): number {
    return this.now();
  }
  set time(at: number) {
    [this.base, this.began] = [at, performance.now()];
  }
  pass(minutes: number): void {
    this.base += minutes * 60_000;
  }
}

/** How soon a command is seen, and how fast read models are made anew, beside others doing the same with the same events. */
async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-bench-'));
  const kekFile = join(dir, 'kek');
  await writeFile(kekFile, randomBytes(32), { mode: 0o600 });
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres') });
  const store = fork(resolve('dist/apps/eventstore/src/main.js'), ['--dir', join(dir, 'eventstore'), '--port', '0']);
  let system: HuicaiSystem | undefined;
  let worker: ChildProcess | undefined;
  let emmett: Emmett | undefined;
  let client: EventStoreDBClient | undefined;
  try {
    const [{ port }] = (await once(store, 'message')) as [{ port: number }];
    const eventStoreUrl = `esdb://127.0.0.1:${port}?tls=false`;
    client = EventStoreDBClient.connectionString(eventStoreUrl);
    await migrate(postgres.url);
    const clock = new RunningClock();
    system = await HuicaiSystem.open({ databaseUrl: postgres.url, eventStoreUrl, kekFile, clock });
    await loadReferenceData(system);
    const office: Office = await openOffice(system, clock as never);
    const courses = await recordCourses(office);
    // From now on, as the worker's clock has it: no due is missed yet, so that it projects and does not fire thousands of timers.
    const later = Date.now() - clock.now();
    clock.time = Date.now();
    const load = { openAtOnce: OPEN_AT_ONCE, inFlight: 64, later };
    say('Filling the log …');
    await fillLog(client, courses, { ...load, events: Math.floor(EVENTS / 10) });
    worker = startWorker(postgres.url, eventStoreUrl, kekFile);
    const lag = await liveLag(office, clock, COMMANDS);
    await stop(worker);
    await fillLog(client, courses, { ...load, events: EVENTS - Math.floor(EVENTS / 10) });
    const expected = await expectedOf(system);
    const few = await firstCaseEvents(system, FEW);
    emmett = await Emmett.start(system, postgres.url, dir, few);
    const [from, running] = [client, system];
    const results = await medianRounds(
      ROUNDS,
      [
        measure('bare catch-up subscription', () => catchUp(from, expected.events)),
        measure('rebuild: queue, SLA', () => rebuild(running, QUEUE_AND_SLA, expected)),
        measure('rebuild: queue, SLA, one by one', () => rebuild(running, QUEUE_AND_SLA, expected, false)),
        measure('rebuild: queue, SLA, history', () => rebuild(running, WITH_HISTORY, expected)),
        measure('per-event upserts: queue, SLA', () => oneByOne(running, few)),
        measure('emmett 0.42.0: queue, SLA', () => emmett!.rebuild()),
      ],
      say,
    );
    const [bare, two, , three, single, other] = results as [Named, Named, Named, Named, Named, Named];
    printReport(
      {
        bench: 'projections',
        load:
          `${expected.events} events of cases and what they need, ${OPEN_AT_ONCE} cases open at once; per-event upserts and emmett are ` +
          `given the first ${few.length} case events of the same log, emmett's appended one after the other; median of ${ROUNDS} rounds ` +
          `taken in turn; rebuilds share one reading of the log unless one by one; lag of ${COMMANDS.commands} commands at ${COMMANDS.perSecond}/s with a worker that keeps all projections`,
        results: [...lag, ...results],
        ratios: {
          rebuildToBare: ratio(two, bare),
          rebuildWithHistoryToBare: ratio(three, bare),
          rebuildToPerEventUpsert: ratio(two, single),
          rebuildToEmmett: ratio(two, other),
          visibleP95Ms: lag.find(({ name }) => name === 'append until visible')!.p95!,
        },
      },
      options.json,
    );
  } finally {
    await emmett?.stop();
    await Promise.allSettled([client?.dispose(), worker && stop(worker), system?.close()]);
    store.kill('SIGKILL');
    await postgres.stop();
    // As root it is kept elsewhere.
    for (const path of [postgres.dir, dir]) await rm(path, { recursive: true, force: true });
  }
}

type Named = Result | Void;

const measure = (name: string, take: () => Promise<Round>): Measure => ({ name, unit: 'ev/s', take });

const ratio = (a: Named, b: Named): number | 'void' => ('void' in a || 'void' in b ? 'void' : round(a.value / b.value));

/** A subscription that drops what it reads: nothing that follows the log can be faster with this client. */
async function catchUp(client: EventStoreDBClient, events: number): Promise<Round> {
  const from = performance.now();
  const subscription = client.subscribeToAll({ fromPosition: START });
  let read = 0;
  for await (const _ of subscription) if (++read >= events) break;
  const seconds = (performance.now() - from) / 1_000;
  await subscription.unsubscribe();
  return { value: read / seconds };
}

async function oneByOne(system: HuicaiSystem, events: readonly StoredEvent[]): Promise<Round> {
  const schemaOf = (name: string) => `bench_${name}`;
  const seconds = await projectOneByOne(system, QUEUE_AND_SLA, schemaOf, events);
  const expected = expectedOfEvents(events);
  const faults: string[] = [];
  for (const name of QUEUE_AND_SLA) faults.push(...(await faultsOf(system, name, schemaOf(name), expected)));
  return faults.length > 0 ? { void: faults.join('; ') } : { value: events.length / seconds };
}

async function firstCaseEvents({ store }: HuicaiSystem, count: number): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of store.readAll()) {
    if (event.stream.startsWith('case-')) found.push(event);
    if (found.length === count) break;
  }
  return found;
}

function startWorker(databaseUrl: string, eventStoreUrl: string, kekFile: string): ChildProcess {
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    EVENTSTORE_URL: eventStoreUrl,
    HUICAI_KEK_FILE: kekFile,
    HUICAI_OIDC_ISSUER: 'http://localhost:1/none',
  };
  return fork(resolve('dist/apps/worker/src/main.js'), [], { env, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
});
