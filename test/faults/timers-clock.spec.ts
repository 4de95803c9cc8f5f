import { type HuicaiSystem, TimerLoop } from '@huicai/composition';
import type { StoredEvent } from '@huicai/event-store';
import type { Clock } from '@huicai/kernel';
import { all } from '../support/event-store.js';
import { until } from '../support/until.js';
import { accept, dispatch, handled, type Office, openOffice, takeThrough } from './office.fixture.js';
import { Rig, type RunningWorker } from './rig.fixture.js';

jest.setTimeout(90_000);

/** Timers fired side by side. */
const LANES = 16;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse('2026-09-28T09:00:00+08:00');

/** Goes on by a millisecond whenever it is asked, so that what is stamped with it shows in which order it was begun. */
class CountingClock implements Clock {
  asked = 0;
  /** Where it jumps to, by how often it was asked. */
  jump: { readonly at: number; readonly to: number } | undefined;
  constructor(public time: number) {}
  now(): number {
    if (++this.asked === this.jump?.at) this.time = this.jump.to;
    return ++this.time;
  }
  set(time: number): void {
    this.asked = 0;
    this.jump = undefined;
    this.time = time;
  }
}

let rig: Rig;
let system: HuicaiSystem;
let office: Office;
let projecting: RunningWorker;
beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open();
  office = await openOffice(system, rig.clock);
});
afterAll(() => rig?.close());

let ids: string[];
let clock: CountingClock;
let firing: HuicaiSystem;
let ended: AbortController;
let running: Promise<void>[];
let looks: number;

beforeEach(async () => {
  // The clock of the timers is another than that of the people, who have gone home.
  projecting = rig.work(system, { timersHeld: async () => true });
  await until('the lead', () => projecting.lines.some((line) => line.startsWith('leading')));
  ids = [];
  for (const minutes of [40, 0, 25, 10, 55, 5, 30, 15, 50, 20, 35, 45]) {
    rig.clock.time = START + minutes * MINUTE;
    const course = minutes % 2 === 0 ? handled : [accept, dispatch()];
    ids.push((await takeThrough(office, course)).caseId);
  }
  await caughtUp();
  clock = new CountingClock(START + 60 * MINUTE);
  firing = await rig.open({ clock });
  ended = new AbortController();
  running = [];
  looks = 0;
});
afterEach(async () => {
  ended.abort();
  await Promise.all(running);
  await projecting.stop();
});

function fire(by = firing): void {
  const held = async () => {
    looks++;
    return false;
  };
  running.push(new TimerLoop(by, () => undefined).run(ended.signal, held, 5));
}

async function caughtUp(): Promise<void> {
  const [head] = await all(system.store.readAll({ backwards: true, maxCount: 1 }));
  await until('the timers view', async () => {
    const { rows } = await system.pool.query('select 1 from read.sla_timers_checkpoint where position >= $1', [
      head!.position.toString(),
    ]);
    return rows.length > 0;
  });
}

const looked = async () => {
  await caughtUp();
  const from = looks;
  await until('two looks', () => looks >= from + 2);
};

const breaches = async (): Promise<StoredEvent[]> => {
  const found: StoredEvent[] = [];
  for (const id of ids)
    found.push(...(await all(system.store.readStream(`case-${id}`))).filter((e) => e.type === 'BreachRecorded'));
  return found;
};
const dueOf = (event: StoredEvent) => Date.parse((event.data as { due: string }).due);
const begunAt = (event: StoredEvent) => Date.parse((event.metadata as { recordedAt: string }).recordedAt);
const missed = async (): Promise<number> =>
  (
    await system.pool.query<{ n: number }>(
      'select count(*)::int as n from read.sla_timers where due < $1 and case_id = any($2::uuid[])',
      [new Date(START + 60 * DAY), ids],
    )
  ).rows[0]!.n;

/** Each clock once, and nothing recorded before its due. */
function expectExact(found: readonly StoredEvent[], wanted: number): void {
  const names = found.map((event) => `${event.stream} ${(event.data as { clockId: string }).clockId}`);
  expect(new Set(names).size).toBe(found.length);
  expect(found).toHaveLength(wanted);
}

describe('a clock that jumps', () => {
  it('forwards has all that became due fired in due order, each case by itself in its order too', async () => {
    const wanted = await missed();
    expect(wanted).toBeGreaterThan(2 * ids.length);
    clock.set(START + 60 * DAY);
    fire();
    await until('all breaches', async () => (await breaches()).length >= wanted);
    await looked();
    const found = await breaches();
    expectExact(found, wanted);
    const begun = [...found].sort((a, b) => begunAt(a) - begunAt(b)).map(dueOf);
    // One that waits for another of its case lets others pass, but no more than are fired side by side.
    for (const [i, due] of begun.entries()) expect(begun.slice(0, i).filter((other) => other > due).length).toBeLessThan(LANES);
    for (const id of ids) {
      const own = found.filter((event) => event.stream === `case-${id}`);
      expect(own.map(begunAt)).toEqual(own.map(begunAt).sort((a, b) => a - b));
      expect(own.map(dueOf)).toEqual(own.map(dueOf).sort((a, b) => a - b));
    }
  });

  it('backwards has nothing fired twice, nor early', async () => {
    const wanted = await missed();
    fire();
    await looked();
    expect(await breaches()).toEqual([]);
    clock.set(START + 60 * DAY);
    await until('all breaches', async () => (await breaches()).length >= wanted);
    clock.set(START);
    await looked();
    clock.set(START + 60 * DAY);
    await looked();
    expectExact(await breaches(), wanted);
  });

  it('backwards in the middle of firing has nothing fired that is no longer due', async () => {
    const wanted = await missed();
    clock.set(START + 60 * DAY);
    // The look asks once; then every timer asks again.
    clock.jump = { at: 5, to: START };
    fire();
    await until('the jump', () => clock.time < START + DAY);
    await looked();
    const early = await breaches();
    expect(early.length).toBeGreaterThan(0);
    expect(early.length).toBeLessThan(wanted);
    await looked();
    expect(await breaches()).toHaveLength(early.length);
    clock.set(START + 60 * DAY);
    await until('all breaches', async () => (await breaches()).length >= wanted);
    await looked();
    expectExact(await breaches(), wanted);
  });
});

describe('timers', () => {
  it('fired by several at once, some of them stopped on the way, are recorded once', async () => {
    const wanted = await missed();
    const other = await rig.open({ clock: { now: () => START + 60 * DAY } });
    clock.set(START + 60 * DAY);
    fire();
    fire(other);
    fire(other);
    await until('a first breach', async () => (await breaches()).length > 0);
    ended.abort();
    await Promise.all(running);
    ended = new AbortController();
    // Somebody who knows nothing of what was fired before.
    fire(other);
    fire();
    await until('all breaches', async () => (await breaches()).length >= wanted);
    await looked();
    expectExact(await breaches(), wanted);
  });
});
