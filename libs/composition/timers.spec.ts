import type { StoredEvent } from '@huicai/event-store';
import { streamName, systemCommandId } from '@huicai/kernel';
import { createReadPool, LiveProjection, type Queryable } from '@huicai/projections';
import {
  type Act,
  accept,
  contact,
  dispatch,
  factsOf,
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
import { type DueTimer, dueTimerOf, dueTimers, nextMiss, slaTimers } from '../contexts/cases/views/sla-timers.view.js';
import { allProjections } from './flows.js';
import type { HuicaiSystem } from './system.js';
import { recordFailure, timerStatus } from './timer-failures.js';
import { fireTimer, TimerLoop } from './timers.js';

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
    const firing = Array.from({ length: 6 }, (_, i) => fireTimer(i % 2 === 0 ? system : other, timer));
    await Promise.all(firing);
    await fireTimer(other, timer);
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
    await fireTimer(system, { ...timer, due: timer.due - 1 });
    await fireTimer(system, { ...timer, clockId: 'signFor/1/2' });
    const kept = await register([accept, dispatch(), sign, take, contact]);
    await fireTimer(system, { ...timer, caseId: kept });
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
});

describe('timers that can not be fired', () => {
  const POISON = 600;
  /** Timers of cases that do not exist, all due before any that does. */
  const poison = (count: number) =>
    system.pool.query(
      `insert into read.sla_timers (case_id, clock_id, due, withdrawn) select gen_random_uuid(), 'total/1/1', $1::timestamptz + n * interval '1 second', 0
       from generate_series(1, $2::int) n`,
      [new Date('2026-01-01T00:00:00Z'), count],
    );
  const failures = async () =>
    (
      await system.pool.query<{ n: number; tries: number }>(
        'select count(*)::int as n, sum(attempts)::int as tries from ops.timer_failure',
      )
    ).rows[0]!;
  const now = () => new Date(rig.clock.time);
  let ended: AbortController;
  let running: Promise<void> | undefined;
  beforeEach(() => {
    ended = new AbortController();
  });
  afterEach(async () => {
    ended.abort();
    await running;
    await system.pool.query(`delete from read.sla_timers where case_id not in (select case_id from read.case_detail)`);
    await system.pool.query('truncate ops.timer_failure');
  });

  /** A case with two missed dues, in the view but not fired. */
  async function missed(): Promise<string> {
    const worker = rig.work(system, { timersHeld: async () => true });
    await until('the lead', () => worker.lines.some((line) => line.startsWith('leading')));
    const caseId = await register([accept, dispatch(), DAY]);
    await caughtUp();
    await worker.stop();
    return caseId;
  }

  it('do not stand in the way of others, and are tried again after a pause that grows', async () => {
    const caseId = await missed();
    await poison(POISON);
    const lines: string[] = [];
    let looks = 0;
    const held = async () => {
      looks++;
      return false;
    };
    running = new TimerLoop(system, (line) => lines.push(line)).run(ended.signal, held, 5);
    await until('the breaches', async () => (await breachesOf(caseId)).length === 2, 60_000);
    await until('every failure on record', async () => (await failures()).n === POISON, 60_000);
    // A few are told, the others counted.
    await until('the count', () => lines.length === 11);
    expect(lines[10]).toBe(`and ${POISON - 10} more timers failed`);
    const first = (await failures()).tries;
    const from = looks;
    await until('many looks', () => looks > from + 20);
    // Those whose pause is over have had their turn; nobody is tried at every look.
    expect((await failures()).tries).toBeLessThan(first + 20 * POISON);
    await until('second tries', async () => (await failures()).tries > POISON);
    const { rows } = await system.pool.query<{ pause: number; attempts: number }>(
      `select attempts, round(extract(epoch from retry_at - last_at))::int as pause from ops.timer_failure order by attempts desc limit 1`,
    );
    expect(rows[0]!.pause).toBe(2 ** rows[0]!.attempts);
  });

  it('are shown with their reasons, and are off the record when they could be fired or are overtaken', async () => {
    const caseId = await missed();
    const timer = await missOf(caseId);
    await poison(3);
    const before = await timerStatus(system.pool, now());
    expect(before).toMatchObject({ oldestDue: new Date('2026-01-01T00:00:01Z'), failing: 0, failures: [] });
    expect(before.due).toBeGreaterThanOrEqual(5);
    expect(before.open).toBeGreaterThanOrEqual(before.due);
    running = new TimerLoop(system, () => undefined).run(ended.signal, async () => false, 5);
    const status = await until('the failures', async () => {
      const found = await timerStatus(system.pool, now());
      return found.failing === 3 && found;
    });
    // The lag is that of the others.
    expect(status.oldestDue).not.toEqual(before.oldestDue);
    // Three that failed together, in whatever order their failures were noted.
    expect(status.failures).toContainEqual(
      expect.objectContaining({
        clockId: 'total/1/1',
        due: new Date('2026-01-01T00:00:01Z'),
        reason: 'not-found: case-not-found',
      }),
    );
    // One timer that is on record as failing but can be fired, and one that no longer stands in the view.
    await recordFailure(system.pool, timer, 'Error: once');
    await recordFailure(system.pool, { ...timer, clockId: 'total/9/9' }, 'Error: once');
    await system.pool.query("update ops.timer_failure set retry_at = now() where reason = 'Error: once'");
    await until('the others alone on record', async () => (await timerStatus(system.pool, now())).failing === 3);
  });

  it('and failed before are fired as soon as their due has moved', async () => {
    const caseId = await missed();
    const timer = await missOf(caseId);
    await recordFailure(system.pool, { ...timer, due: timer.due - 1 }, 'Error: once');
    await recordFailure(system.pool, { ...timer, due: timer.due - 1 }, 'Error: twice');
    expect(await recordFailure(system.pool, timer, 'Error: other due')).toBe(1);
    await recordFailure(system.pool, { ...timer, due: timer.due - 1 }, 'Error: once');
    await system.pool.query("update ops.timer_failure set retry_at = now() + interval '1 hour'");
    running = new TimerLoop(system, () => undefined).run(ended.signal, async () => false, 5);
    await until('the breaches', async () => (await breachesOf(caseId)).length === 2);
  });
});

describe('timers that are not due', () => {
  const OPEN = 100_000;
  type Plan = {
    'Node Type': string;
    'Relation Name'?: string;
    'Actual Rows': number;
    'Shared Hit Blocks': number;
    Plans?: Plan[];
  };
  const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

  it('cost nothing: what is due is one short stretch of an index', async () => {
    const database = await rig.database();
    const pool = createReadPool(database, 1);
    try {
      await new LiveProjection(...[...allProjections].find(([p]) => p === slaTimers)!).create(pool, system.storeId);
      await pool.query(
        `insert into read.sla_timers (case_id, clock_id, due, withdrawn) select gen_random_uuid(), 'total/1/1', $1::timestamptz + n * interval '1 second', 0
         from generate_series(1, ${OPEN}) n`,
        [new Date('2027-01-01T00:00:00Z')],
      );
      const explain = async (now: string): Promise<Plan> => {
        const seen: string[] = [];
        const explaining: Queryable = {
          query: async (text, params) => {
            const { rows } = await pool.query(`explain (analyze, buffers, format json) ${text}`, params);
            seen.push(JSON.stringify((rows[0] as { 'QUERY PLAN': [{ Plan: Plan }] })['QUERY PLAN'][0].Plan));
            return { rows: [], rowCount: 0 };
          },
        };
        await dueTimers(explaining, new Date(now), 500);
        return JSON.parse(seen[0]!) as Plan;
      };
      for (const statement of ['select 1', 'analyze']) {
        await pool.query(statement);
        const none = await explain('2026-12-31T00:00:00Z');
        const some = await explain('2027-01-01T00:01:00.5Z');
        for (const [plan, rows] of [
          [none, 0],
          [some, 60],
        ] as const) {
          const scans = nodesOf(plan).filter((node) => node['Relation Name'] === 'rows');
          expect(scans.map((node) => node['Node Type'].replace(' Only', ''))).toEqual(['Index Scan']);
          expect(scans[0]!['Actual Rows']).toBe(rows);
          const sorts = nodesOf(plan).filter((node) => node['Node Type'].includes('Sort'));
          expect(sorts.flatMap(nodesOf).filter((node) => node['Relation Name'] === 'rows')).toEqual([]);
        }
        // A tree of a hundred thousand is a few pages high.
        expect(none['Shared Hit Blocks']).toBeLessThan(20);
      }
      expect(await timerStatus(pool, new Date('2027-01-01T00:01:00.5Z'))).toMatchObject({ open: OPEN, due: 60 });
    } finally {
      await pool.end();
    }
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
