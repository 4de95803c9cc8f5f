import { join } from 'node:path';
import { HuicaiSystem } from '@huicai/composition';
import { forkSource, killHard, untilGone } from '../../test/support/processes.js';
import { startTestSystem, type TestSystem } from '../../test/support/system.js';
import { type CaseEvent } from '../contexts/cases/contract.js';
import { type CaseFacts, dueOf, foldCase } from '../contexts/cases/facts.js';
import { registerTalent } from '../contexts/talents/talent.intake.js';
import {
  ForeignEventsError,
  planYear,
  readSeed,
  SeedRunningError,
  type SeedYearOptions,
  seedInProgress,
  seedYear,
  YearClock,
} from './index.js';
import { syntheticPeople } from './people.js';
import { type ComparableEvent, yearLog } from './seed-log.fixture.js';
import { commandIdOf } from './staff.js';

const SEED = 7;
const ANCHOR = '2026-03-20';
const SCALE = 0.03;
const plan = planYear(SEED, ANCHOR, SCALE);

const opened: TestSystem[] = [];
afterAll(async () => {
  for (const t of opened) await t.stop();
});

async function emptySystem(): Promise<TestSystem> {
  const t = await startTestSystem();
  opened.push(t);
  return t;
}

/** Plays, or goes on, on a connection of its own, as a process would. */
async function play(t: TestSystem, options: Partial<SeedYearOptions> = {}) {
  const clock = new YearClock();
  const { databaseUrl, eventStoreUrl, kekFile } = t;
  const system = await HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile, clock, attempt: () => 'seed' });
  try {
    return await seedYear({ system, clock, seed: SEED, anchor: ANCHOR, scale: SCALE, ...options });
  } finally {
    await system.close();
  }
}

/** Stops after so many steps. */
function cutOff(after: number): Partial<SeedYearOptions> {
  const abort = new AbortController();
  const onStep = (done: number) => {
    if (done === after) abort.abort(new Error('cut off'));
  };
  return { signal: abort.signal, onStep };
}

describe('playing a year', () => {
  let first: TestSystem;
  let log: ComparableEvent[];
  beforeAll(async () => {
    first = await emptySystem();
    const { status, origin, outcome } = await play(first);
    expect({ status, origin }).toEqual({ status: 'played', origin: { seed: SEED, anchor: ANCHOR } });
    log = await yearLog(first.system);
    const of = (type: string) => log.filter((event) => event.type === type).length;
    expect(outcome).toEqual({
      commands: plan.steps.length + of('BreachRecorded'),
      talents: of('TalentRegistered'),
      cards: of('CardIssued'),
      cases: of('CaseRegistered'),
    });
  }, 120_000);

  it('records it between a start and an end, on its own time', () => {
    expect(log[0]).toMatchObject({ stream: 'seed-lanshan', type: 'SeedStarted', data: { seed: SEED, anchor: ANCHOR } });
    expect(log.at(-1)).toMatchObject({ stream: 'seed-lanshan', type: 'SeedCompleted' });
    expect(log.every(({ metadata }) => metadata.backfill === true)).toBe(true);
    let before = '';
    for (const { type, metadata } of log) {
      expect(metadata.recordedAt >= before).toBe(true);
      before = metadata.recordedAt;
      if (type !== 'BreachRecorded' && type !== 'StepTimeCorrected') expect(metadata.occurredAt).toBe(metadata.recordedAt);
    }
    expect(log[0]!.metadata.recordedAt).toBe(new Date(plan.span.from).toISOString());
    expect(before).toBe(new Date(plan.span.to).toISOString());
  });

  it('takes every step of the plan, in its order', () => {
    const ofSteps = log.filter(({ type, stream }) => type !== 'BreachRecorded' && !stream.startsWith('seed-'));
    const inOrder = ofSteps.map(({ metadata }) => metadata.commandId);
    expect([...new Set(inOrder)]).toEqual(plan.steps.map(({ key }) => commandIdOf(SEED, key)));
    for (const [i, id] of inOrder.entries()) if (i > 0 && inOrder[i - 1] !== id) expect(inOrder.indexOf(id)).toBe(i);
    expect(log.filter(({ stream }) => stream.startsWith('seed-'))).toHaveLength(2);
  });

  it('records every missed due, after it and in due order', async () => {
    const cases = new Map<string, CaseFacts | null>();
    let lastDue = '';
    for (const event of log.filter(({ stream }) => stream.startsWith('case-'))) {
      const { type, data, metadata, id, stream } = event;
      if (type === 'BreachRecorded') {
        expect(metadata.occurredAt).toBe((data as { due: string }).due);
        expect(metadata.recordedAt > metadata.occurredAt).toBe(true);
        expect(metadata.occurredAt >= lastDue).toBe(true);
        lastDue = metadata.occurredAt;
      }
      const when = { occurredAt: Date.parse(metadata.occurredAt), actor: metadata.actor, eventId: id };
      cases.set(stream, foldCase(cases.get(stream) ?? null, { type, data } as unknown as CaseEvent, when));
    }
    const time = await first.system.facts.time();
    let missed = 0;
    for (const facts of cases.values())
      for (const clock of facts!.clocks) {
        const due = dueOf(clock, time);
        const isMissed = due !== null && due < plan.span.to && (clock.stoppedAt === null || clock.stoppedAt > due);
        expect(clock.breachedAt).toBe(isMissed ? due : null);
        if (isMissed) missed++;
      }
    const count = (type: string) => log.filter((event) => event.type === type).length;
    expect(count('BreachRecorded') - count('BreachWithdrawn')).toBe(missed);
    expect(count('BreachWithdrawn')).toBeGreaterThan(0);
  });

  it('gives the numbers of each year without a gap', () => {
    const numbers = log.flatMap(({ type, data }) => (type === 'CaseRegistered' ? [(data as { number: string }).number] : []));
    for (const year of ['2025', '2026']) {
      const ofYear = numbers.filter((number) => number.startsWith(`LS-${year}-`));
      expect(ofYear.length).toBeGreaterThan(0);
      expect(ofYear).toEqual(ofYear.map((_, i) => `LS-${year}-${String(i + 1).padStart(6, '0')}`));
    }
  });

  it('leaves the same log in another store', async () => {
    const second = await emptySystem();
    await play(second);
    expect(await yearLog(second.system)).toEqual(log);
  }, 120_000);

  it('goes on where it was cut off, with what it was begun with', async () => {
    const t = await emptySystem();
    const inProgress = () => seedInProgress(t.system.store);
    expect(await inProgress()).toBe(false);
    await expect(play(t, cutOff(1))).rejects.toThrow('cut off');
    expect(await inProgress()).toBe(true);
    await expect(play(t, cutOff(Math.floor(plan.steps.length / 3)))).rejects.toThrow('cut off');

    const { databaseUrl, eventStoreUrl, kekFile } = t;
    const args = [databaseUrl, eventStoreUrl, kekFile, String(SEED), ANCHOR, String(SCALE)];
    const child = forkSource(join(__dirname, 'play-child.fixture.ts'), args);
    try {
      await new Promise<void>((resolve, reject) => {
        child.on('message', (done) => {
          if (Number(done) >= plan.steps.length / 2) resolve();
        });
        child.once('exit', (code) => reject(new Error(`The child ended with ${code}`)));
      });
    } finally {
      killHard([child.pid!]);
      await untilGone([child.pid!]);
    }
    expect(await inProgress()).toBe(true);

    const asked = { seed: SEED + 1, anchor: '2026-01-30' };
    const result = await play(t, asked);
    expect(result).toMatchObject({ status: 'resumed', origin: { seed: SEED, anchor: ANCHOR } });
    expect(await yearLog(t.system)).toEqual(log);
    expect(await inProgress()).toBe(false);
  }, 120_000);

  it('does nothing once it is complete', async () => {
    const events = async () => {
      let count = 0;
      for await (const _ of first.system.store.readAll()) count++;
      return count;
    };
    const before = await events();
    const result = await play(first, { seed: 99 });
    expect(result).toMatchObject({ status: 'complete', origin: { seed: SEED, anchor: ANCHOR } });
    expect(result.outcome).toEqual((await readSeed(first.system.store)).outcome);
    expect(await events()).toBe(before);
  });
});

describe('where no year is played', () => {
  let t: TestSystem;
  beforeAll(async () => {
    t = await emptySystem();
  }, 60_000);

  it('is beside another process that plays it', async () => {
    let rival: Promise<unknown> | undefined;
    const abort = new AbortController();
    const onStep = (done: number) => {
      if (done !== 3) return;
      rival = play(t).finally(() => abort.abort(new Error('cut off')));
      rival.catch(() => undefined);
    };
    await expect(play(t, { signal: abort.signal, onStep })).rejects.toThrow('cut off');
    await expect(rival).rejects.toThrow(SeedRunningError);
  }, 60_000);

  it('is on a day that is not over, was no working day, or lies before the service list', async () => {
    const empty = await emptySystem();
    await expect(play(empty, { anchor: '2099-01-01' })).rejects.toThrow('covers');
    await expect(play(empty, { anchor: '2026-03-21' })).rejects.toThrow('working day');
    await expect(play(empty, { anchor: '2024-12-02' })).rejects.toThrow('service list');
    await expect(play(empty, { seed: Number.NaN })).rejects.toThrow(RangeError);
    expect((await readSeed(empty.system.store)).origin).toBeNull();
  }, 60_000);

  it('is a store with people at work in it', async () => {
    const used = await emptySystem();
    const { name, phone, idNumber, employer } = syntheticPeople(SEED).talents[0]!;
    const input = { name, phone, documentType: 'RESIDENT_ID' as const, documentNumber: idNumber, employer };
    const commandId = '0190a000-0000-7000-8000-000000000001';
    const meta = { commandId, correlationId: commandId };
    const caller = { id: 'window-1', role: 'window' as const };
    await registerTalent(used.system, caller, meta, { ...input, category: 'M', engagement: 'FLEXIBLE' });
    await expect(play(used)).rejects.toThrow(ForeignEventsError);
    await expect(play(used)).rejects.toThrow('stream talent-');
    expect((await readSeed(used.system.store)).origin).toBeNull();
  }, 60_000);
});
