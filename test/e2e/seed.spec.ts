import { DEMO_DEPARTMENT_ID, DEMO_SPECIALIST_ID, DEMO_TALENT_ID, HuicaiSystem, runWorker } from '@huicai/composition';
import { clearRuntime, writeRuntime } from '@huicai/runtime';
import { DEFAULT_SEED, FIGURES, planYear, type Step, seedInProgress, seedYear, YearClock } from '@huicai/seed';
import { seedCommand } from '../../apps/cli/src/seed.js';
import { officeDay } from '../../libs/contexts/calendar/facts.js';
import { cardsOfTalent } from '../../libs/contexts/cards/views/cards.view.js';
import { casesOfTalent } from '../../libs/contexts/cases/views/case-detail.view.js';
import { type QueueFilter, type QueueScope, readQueue } from '../../libs/contexts/reporting/views/service-queue.queries.js';
import { readSlaReport } from '../../libs/contexts/reporting/views/sla-report.queries.js';
import { scaled } from '../../libs/seed/figures.js';
import { startTestSystem, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';

/** The whole year when soaking, else a small part of it. */
const SCALE = process.env.HUICAI_SOAK ? 1 : 0.05;
const ANCHOR = '2026-11-20';
const plan = planYear(DEFAULT_SEED, ANCHOR, SCALE);

class Output {
  text = '';
  constructor(readonly isTTY = false) {}
  write(text: string): void {
    this.text += text;
  }
}

describe('a year of the district', () => {
  let t: TestSystem;
  let env: NodeJS.ProcessEnv;
  const ended = new AbortController();
  let working: Promise<void>;
  const runtimeFile = () => env.HUICAI_RUNTIME!;

  beforeAll(async () => {
    t = await startTestSystem();
    const { system, databaseUrl, eventStoreUrl, kekFile, directory } = t;
    env = { HUICAI_DATA_DIR: directory, HUICAI_RUNTIME: `${directory}/runtime.json`, HUICAI_KEK_FILE: kekFile };
    const ports = { databasePort: 1, eventStorePort: 1, apiUrl: 'http://127.0.0.1:1', token: 'test' };
    writeRuntime(runtimeFile(), { databaseUrl, eventStoreUrl, ...ports, pid: process.pid, startedAt: new Date().toISOString() });
    // The worker follows while the year is played, as it does when the system starts for the first time.
    const timersHeld = () => seedInProgress(system.store);
    working = runWorker({ system, databaseUrl, signal: ended.signal, log: () => undefined, timersHeld });
    await play();
    const position = await lastPosition();
    for (const name of ['service_queue', 'sla_cycles', 'case_detail', 'cards'])
      await until(`the projection ${name}`, async () => (await positionOf(name)) >= position, 60_000);
  }, 300_000);

  afterAll(async () => {
    ended.abort();
    await working;
    clearRuntime(runtimeFile());
    await t.stop();
  });

  async function play(): Promise<void> {
    if (SCALE === 1) {
      const [output, errors] = [new Output(), new Output()];
      expect(await seedCommand({ env, anchor: ANCHOR, output, errors })).toBe(0);
      expect(errors.text).toBe('');
      expect(output.text).toContain('reference year 100 %');
      return;
    }
    const clock = new YearClock();
    const system = await HuicaiSystem.open({ ...t, clock, attempt: () => 'seed' });
    try {
      await seedYear({ system, clock, scale: SCALE, anchor: ANCHOR });
    } finally {
      await system.close();
    }
  }

  /** Of the last event the year itself has recorded about a case. */
  async function lastPosition(): Promise<bigint> {
    for await (const event of t.system.store.readAll({ backwards: true })) {
      const { backfill } = event.metadata as { backfill?: boolean };
      if (backfill && event.stream.startsWith('case-')) return event.position;
    }
    throw new Error('No case was recorded');
  }

  async function positionOf(projection: string): Promise<bigint> {
    const there = await t.system.pool.query('select to_regclass($1) is not null as there', [`read.${projection}_checkpoint`]);
    if (!there.rows[0].there) return -1n;
    const { rows } = await t.system.pool.query(`select position::text from read.${projection}_checkpoint`);
    return BigInt(rows[0]?.position ?? -1);
  }

  const queue = (filter: QueueFilter, scope: QueueScope = { kind: 'all' }) =>
    readQueue(t.system.pool, scope, filter, { limit: 200 }, new Date(plan.span.to));

  it('has its open matters in the queue, each where it stands', async () => {
    const open = Object.values(FIGURES.open).reduce((sum, count) => sum + scaled(count, SCALE), 0);
    expect((await queue({ open: true })).total).toBe(open);
    const of = (state: keyof typeof FIGURES.open) => scaled(FIGURES.open[state], SCALE);
    for (const [status, count] of [
      ['REGISTERED', of('registered')],
      ['ACCEPTED', of('accepted')],
      ['DISPATCHED', of('dispatched')],
      ['SIGNED_FOR', of('untaken') + of('inHand') + of('extensionAsked') + of('yellow') + of('red') + of('paused')],
      ['SUBMITTED', of('submitted')],
      ['RESULT_ACCEPTED', of('resultAccepted')],
    ] as const)
      expect([status, (await queue({ status })).total]).toEqual([status, count]);
    expect((await queue({ paused: true })).total).toBe(of('paused'));
    expect((await queue({ light: 'RED' })).total + (await queue({ light: 'SEVERE' })).total).toBe(of('red'));
    expect((await queue({ light: 'YELLOW' })).total).toBeGreaterThanOrEqual(of('yellow'));
  });

  it('has its reports say what the plan says', async () => {
    const month = (at: number) => officeDay(at).slice(0, 7);
    const expected = new Map<string, { opened: number; closed: number }>();
    const add = (at: number, what: 'opened' | 'closed') => {
      const row = expected.get(month(at)) ?? { opened: 0, closed: 0 };
      row[what]++;
      expected.set(month(at), row);
    };
    for (const steps of stepsByCase().values()) {
      const types = steps.map(({ act }) => (act.kind === 'step-case' ? act.step.type : ''));
      steps.forEach(({ at }, i) => {
        if (types[i] === 'AcceptCase' || types[i] === 'ReopenCase') add(at, 'opened');
        if (types[i] === 'AnswerDirectly') for (const what of ['opened', 'closed'] as const) add(at, what);
        // A result sent back is none.
        if (types[i] === 'SubmitResult' && types[i + 1] !== 'SendBackResult') add(at, 'closed');
      });
    }
    const period = { from: month(plan.span.from), to: month(plan.span.to), end: new Date(plan.span.to + 1) };
    const report = await readSlaReport(t.system.pool, 'month', period, {});
    const counted = new Map(
      report.filter(({ opened, closed }) => opened + closed > 0).map(({ group, opened, closed }) => [group, { opened, closed }]),
    );
    expect(counted).toEqual(new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))));
    const sum = (of: (row: (typeof report)[number]) => number) => report.reduce((total, row) => total + of(row), 0);
    expect(sum(({ closed, onTime }) => closed - onTime)).toBe(scaled(FIGURES.finished.overdue, SCALE));
    expect(sum(({ overdue }) => overdue)).toBe(scaled(FIGURES.open.red, SCALE));
    const unhappy = scaled(FIGURES.finished.dissatisfied, SCALE) + scaled(FIGURES.finished.reopened, SCALE);
    expect(sum(({ satisfactionRate: rate }) => rate.denominator - rate.numerator)).toBe(unhappy);
  });

  it('has its cards in the register', async () => {
    const count = (kind: Step['act']['kind']) => plan.steps.filter(({ act }) => act.kind === kind).length;
    const { rows } = await t.system.pool.query('select count(*)::int as n, count(number)::int as numbered from read.cards');
    const [applied, approved, rejected] = [FIGURES.cards.applied, FIGURES.cards.approved, FIGURES.cards.rejected];
    const unissued = [applied, approved, rejected].reduce((sum, one) => sum + scaled(one, SCALE), 0);
    expect(rows[0]).toEqual({ n: count('issue-card') + unissued, numbered: count('issue-card') });
  });

  it('has something for the demo accounts to see', async () => {
    const { pool } = t.system;
    const cases = await casesOfTalent(pool, DEMO_TALENT_ID, 50);
    expect(cases.filter(({ facts }) => facts.status === 'CLOSED' && facts.rating !== null).length).toBeGreaterThanOrEqual(1);
    expect(cases.filter(({ status }) => status === 'SIGNED_FOR').length).toBeGreaterThanOrEqual(2);
    expect((await cardsOfTalent(pool, DEMO_TALENT_ID)).map(({ status }) => status)).toContain('ACTIVE');
    const scope = { kind: 'specialist' as const, specialistId: DEMO_SPECIALIST_ID, departmentId: DEMO_DEPARTMENT_ID };
    const { rows } = await queue({ open: true }, scope);
    expect(rows.filter((row) => row.specialist_id === DEMO_SPECIALIST_ID).length).toBeGreaterThanOrEqual(3);
    expect(rows.filter((row) => row.specialist_id === null && row.status === 'SIGNED_FOR').length).toBeGreaterThanOrEqual(1);
  });

  it('had its timers to itself', async () => {
    const { rows } = await t.system.pool.query(
      "select count(*)::int as n from read.history where type = 'BreachRecorded' and not backfill and occurred_at < $1",
      [new Date(plan.span.to)],
    );
    expect(rows[0].n).toBe(0);
  });

  it('is not played twice', async () => {
    const [output, errors] = [new Output(), new Output()];
    expect(await seedCommand({ env, output, errors, seed: 3 })).toBe(0);
    expect(output.text).toContain(`The year to ${ANCHOR} (seed ${DEFAULT_SEED}) has been played before`);
    expect(errors.text).toBe('');
  });

  it('is refused for servers of somebody else, with a reason', async () => {
    const refused = async (more: NodeJS.ProcessEnv): Promise<string> => {
      const [output, errors] = [new Output(), new Output()];
      expect(await seedCommand({ env: { ...env, ...more }, output, errors })).toBe(2);
      expect(output.text).toBe('');
      return errors.text;
    };
    const external = {
      DATABASE_URL: t.databaseUrl,
      EVENTSTORE_URL: t.eventStoreUrl,
      HUICAI_OIDC_ISSUER: 'https://id.example',
      HUICAI_KEK_FILE: t.kekFile,
    };
    expect(await refused(external)).toContain('embedded');
    expect(await refused({ HUICAI_RUNTIME: `${t.directory}/none.json` })).toContain('does not run');
  });

  function stepsByCase(): Map<string, Step[]> {
    const found = new Map<string, Step[]>();
    for (const step of plan.steps) {
      if (step.act.kind !== 'step-case') continue;
      const { caseId } = step.act;
      found.set(caseId, [...(found.get(caseId) ?? []), step]);
    }
    return found;
  }
});
