import type { StoredEvent } from '@huicai/event-store';
import { eventIdOf, streamName, systemCommandId } from '@huicai/kernel';
import {
  type Act,
  accept,
  contact,
  dispatch,
  factsOf,
  handled,
  type Office,
  openOffice,
  pause,
  resume,
  sign,
  submit,
  take,
  takeThrough,
} from '../../test/faults/office.fixture.js';
import { Rig, type RunningWorker } from '../../test/faults/rig.fixture.js';
import { all } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { type DueTimer, dueTimerOf, dueTimers, nextMiss } from '../contexts/cases/views/sla-timers.view.js';
import type { HuicaiSystem } from './system.js';
import { fireBreachTimer, TimerLoop } from './timers.js';

jest.setTimeout(90_000);

let rig: Rig;
let system: HuicaiSystem;
let office: Office;
const DAY = 24 * 60;

beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open({ attempt: () => 'first' });
  office = await openOffice(system, rig.clock);
});
afterAll(() => rig?.close());
beforeEach(() => {
  rig.clock.time = Date.parse('2026-09-28T09:00:00+08:00');
});

const register = async (course: readonly Act[]): Promise<string> => (await takeThrough(office, course)).caseId;
const breachesOf = async (caseId: string): Promise<StoredEvent[]> =>
  (await all(system.store.readStream(streamName('case', caseId)))).filter((event) => event.type === 'BreachRecorded');
const clocksOf = (events: readonly StoredEvent[]) => events.map((event) => (event.data as { clockId: string }).clockId);
const metadataOf = (event: StoredEvent) => event.metadata as { occurredAt: string; commandId: string; $causationId: string };

async function missOf(caseId: string): Promise<DueTimer> {
  const facts = await factsOf(system, caseId);
  const miss = nextMiss(facts, await system.facts.time())!;
  return dueTimerOf(facts, miss.clockId, miss.due);
}

/** What was sent is in the view of the timers. */
async function caughtUp(): Promise<void> {
  const [head] = await all(system.store.readAll({ backwards: true, maxCount: 1 }));
  await until('the timers view', async () => {
    const { rows } = await system.pool.query('select 1 from read.sla_timers_checkpoint where position >= $1', [
      head!.position.toString(),
    ]);
    return rows.length > 0;
  });
}

describe('one timer', () => {
  it('records its breach once, however often and by whomever it is fired', async () => {
    const other = await rig.open({ attempt: () => 'second' });
    const caseId = await register([accept, dispatch()]);
    const timer = await missOf(caseId);
    const firing = Array.from({ length: 6 }, (_, i) => fireBreachTimer(i % 2 === 0 ? system : other, timer));
    await Promise.all(firing);
    await fireBreachTimer(other, timer);
    const breaches = await breachesOf(caseId);
    expect(breaches).toHaveLength(1);
    const due = new Date(timer.due).toISOString();
    expect(breaches[0]!.data).toEqual({ clockId: timer.clockId, due, departmentId: 'ybj' });
    expect(metadataOf(breaches[0]!)).toMatchObject({ occurredAt: due, $causationId: timer.cause });
    expect(metadataOf(breaches[0]!).commandId).toBe(systemCommandId('timer', caseId, timer.clockId, 'breach', due, 0));
  });

  it('that has been overtaken records nothing', async () => {
    const caseId = await register([accept, dispatch()]);
    const timer = await missOf(caseId);
    expect(timer.clockId).toBe('signFor/1/1');
    await fireBreachTimer(system, { ...timer, due: timer.due - 1 });
    await fireBreachTimer(system, { ...timer, clockId: 'signFor/1/2' });
    const kept = await register([accept, dispatch(), sign, take, contact]);
    await fireBreachTimer(system, { ...timer, caseId: kept });
    expect([...(await breachesOf(caseId)), ...(await breachesOf(kept))]).toEqual([]);
  });
});

describe('the loop of a worker', () => {
  let worker: RunningWorker;
  let held: boolean;
  let looks: number;
  beforeEach(async () => {
    held = false;
    looks = 0;
    worker = rig.work(system, {
      timersHeld: async () => {
        looks++;
        return held;
      },
      timerIntervalMs: 10,
    });
    await until('the lead', () => worker.lines.some((line) => line.startsWith('leading')));
  });
  afterEach(() => worker.stop());

  /** The loop has begun and ended a look since this was called. */
  const looked = async () => {
    const from = looks;
    await until('two looks', () => looks >= from + 2);
  };

  it('leaves a clock alone until its due has passed', async () => {
    const caseId = await register([accept, dispatch()]);
    const { due } = await missOf(caseId);
    await caughtUp();
    rig.clock.time = due;
    await looked();
    expect(await breachesOf(caseId)).toEqual([]);
    rig.clock.time = due + 1;
    const breaches = await until('the breach', async () => {
      const found = await breachesOf(caseId);
      return found.length > 1 && found;
    });
    // Signing and first contact are due at the same instant.
    expect(clocksOf(breaches).sort()).toEqual(['firstContact/1/1', 'signFor/1/1']);
    expect(breaches.map((event) => metadataOf(event).occurredAt)).toEqual(Array(2).fill(new Date(due).toISOString()));
  });

  it('waits while timers are held, and makes up for it afterwards', async () => {
    held = true;
    const caseId = await register([accept, dispatch(), DAY]);
    await caughtUp();
    await looked();
    expect(await breachesOf(caseId)).toEqual([]);
    held = false;
    await until('the breaches', async () => (await breachesOf(caseId)).length === 2);
  });

  it('records the breach of a stop that came too late, and none of one in time', async () => {
    held = true;
    const late = await register([accept, dispatch(), 300, sign, take, contact]);
    const inTime = await register([accept, dispatch(), sign, take, contact, 60, pause, DAY, resume, 60, submit]);
    const never = await register([]);
    await caughtUp();
    held = false;
    await until('the breaches', async () => (await breachesOf(late)).length === 2);
    await caughtUp();
    await looked();
    expect(clocksOf(await breachesOf(late)).sort()).toEqual(['firstContact/1/1', 'signFor/1/1']);
    expect(await breachesOf(inTime)).toEqual([]);
    expect(await breachesOf(never)).toEqual([]);
    expect(await dueTimers(system.pool, new Date(rig.clock.time), 10)).toEqual([]);
  });

  it('after a time of standing still fires what is due in due order', async () => {
    await worker.stop();
    const start = rig.clock.time;
    const ids: string[] = [];
    for (const minutes of [40, 0, 25, 10, 55]) {
      rig.clock.time = start + minutes * 60_000;
      ids.push(await register(handled));
    }
    rig.clock.time = start + 40 * DAY * 60_000;
    worker = rig.work(system, { timerIntervalMs: 10 });
    await until('two breaches of each', async () =>
      (await Promise.all(ids.map(breachesOf))).every((found) => found.length === 2),
    );
    const log = (await all(system.store.readAll())).filter(
      (event) => event.type === 'BreachRecorded' && ids.includes(event.stream.slice('case-'.length)),
    );
    const dues = log.map((event) => (event.data as { due: string }).due);
    // One clock of every case per round; within a round, and within a case, nothing is recorded out of order.
    expect(dues.slice(0, 5)).toEqual(dues.slice(0, 5).sort());
    for (const id of ids) {
      const own = (await breachesOf(id)).map((event) => metadataOf(event).occurredAt);
      expect(own).toEqual([...own].sort());
    }
  });
});

describe('timers that can not be fired', () => {
  const POISON = 250;
  const insert = `insert into read_sla_timers_v1.rows (case_id, facts, next_due, next_clock)
    select id, jsonb_build_object('caseId', id, 'clocks', jsonb_build_array(jsonb_build_object('clockId', 'total/1/1', 'withdrawnBreaches', 0))),
      $1::timestamptz + n * interval '1 second', 'total/1/1' from (select n, gen_random_uuid() as id from generate_series(1, ${POISON}) n) poison`;
  const looping = new AbortController();
  afterAll(() => looping.abort());

  it('neither stand in the way of others, nor are tried without pause; full rounds follow each other at once', async () => {
    const worker = rig.work(system, { timersHeld: async () => true });
    await until('the lead', () => worker.lines.some((line) => line.startsWith('leading')));
    const caseId = await register([accept, dispatch(), DAY]);
    await caughtUp();
    await worker.stop();
    await system.pool.query('delete from read_sla_timers_v1.rows where case_id <> $1', [caseId]);
    // Cases that do not exist, all due before the one that does.
    await system.pool.query(insert, [new Date('2026-01-01T00:00:00Z')]);

    const lines: string[] = [];
    let looks = 0;
    const held = async () => {
      looks++;
      return false;
    };
    const loop = new TimerLoop(system, (line) => lines.push(line));
    const patient = new AbortController();
    // An hour between two looks: whatever is beyond the first round is only reached because the next follows at once.
    const first = loop.run(patient.signal, held, 3_600_000);
    const [breach] = await until('the breach', async () => {
      const found = await breachesOf(caseId);
      return found.length > 0 && found;
    });
    expect(breach!.id).toBe(eventIdOf(metadataOf(breach!).commandId, 'first', 0));
    patient.abort();
    await first;
    expect(looks).toBe(2);
    expect(lines).toHaveLength(POISON);
    expect(new Set(lines).size).toBe(POISON);

    const again = loop.run(looping.signal, held, 5);
    await until('many looks', () => looks > 20);
    looping.abort();
    await again;
    expect(lines).toHaveLength(POISON);
    await system.pool.query('truncate read_sla_timers_v1.rows');
  });
});

it('an event store that is away is told once, and timers are fired when it is back', async () => {
  const worker = rig.work(system, { timerIntervalMs: 10 });
  await until('the lead', () => worker.lines.some((line) => line.startsWith('leading')));
  const caseId = await register([accept, dispatch()]);
  await caughtUp();
  await rig.events.stop();
  rig.clock.pass(DAY);
  await until('the trouble', () => worker.lines.some((line) => line.startsWith('timers wait')));
  await rig.events.start();
  await until('the breaches', async () => (await breachesOf(caseId).catch(() => [])).length === 2);
  await until('the end of the trouble', () => worker.lines.includes('timers are fired again'));
  await worker.stop();
  expect(worker.lines.filter((line) => line.startsWith('timers'))).toHaveLength(2);
});
