import { DEMO_DEPARTMENT_ID, DEMO_SPECIALIST_ID, DEMO_TALENT_ID } from '@huicai/composition';
import type { CaseStep } from '../contexts/cases/case.intake.js';
import { FIGURES, SCHOOLING, SPECIALISTS } from './figures.js';
import { Office } from './office.js';
import { DEFAULT_SEED, NUMBER_BLOCK, planYear } from './plan.js';
import type { Act, Step } from './steps.js';

const ANCHOR = '2026-11-20';
const plan = planYear(DEFAULT_SEED, ANCHOR);
const office = new Office();

type ActOf<K extends Act['kind']> = Extract<Act, { kind: K }>;
const acts = <K extends Act['kind']>(kind: K): ActOf<K>[] =>
  plan.steps.map(({ act }) => act).filter((act): act is ActOf<K> => act.kind === kind);

interface Told {
  readonly registered: Step;
  readonly input: ActOf<'register-case'>['input'];
  readonly steps: (Step & { readonly step: CaseStep })[];
}

/** The cases of the plan, each with its steps. */
const cases = new Map<string, Told>();
for (const one of plan.steps) {
  if (one.act.kind === 'register-case') cases.set(one.act.caseId, { registered: one, input: one.act.input, steps: [] });
  if (one.act.kind === 'step-case') cases.get(one.act.caseId)!.steps.push({ ...one, step: one.act.step });
}
const told = [...cases.values()];
const having = (type: CaseStep['type']) => told.filter(({ steps }) => steps.some(({ step }) => step.type === type)).length;
const last = (one: Told, type: CaseStep['type']) => one.steps.findLast(({ step }) => step.type === type)?.step;
const share = (count: number) => count / told.length;

describe('the plan of a year', () => {
  it('is the same for the same seed and anchor, and another for others', () => {
    expect(planYear(DEFAULT_SEED, ANCHOR).steps).toEqual(plan.steps);
    expect(planYear(DEFAULT_SEED + 1, ANCHOR, 0.05).steps).not.toEqual(planYear(DEFAULT_SEED, ANCHOR, 0.05).steps);
    expect(planYear(DEFAULT_SEED, '2026-11-19', 0.05).steps).not.toEqual(planYear(DEFAULT_SEED, ANCHOR, 0.05).steps);
  });

  it('is in order of time, from the day after the anchor a year ago to the close of the anchor', () => {
    expect(new Date(plan.span.from).toISOString()).toBe('2025-11-20T16:00:00.000Z');
    expect(new Date(plan.span.to).toISOString()).toBe('2026-11-20T09:00:00.000Z');
    let before = plan.span.from;
    for (const { at } of plan.steps) {
      expect(at >= before && at < plan.span.to && at % 1000 === 0).toBe(true);
      before = at;
    }
    for (const { registered, steps } of told)
      steps.reduce((earlier, { at }) => {
        expect(at).toBeGreaterThan(earlier);
        return at;
      }, registered.at);
    expect(new Set(plan.steps.map(({ key }) => key)).size).toBe(plan.steps.length);
  });

  it('refuses an anchor that is no working day', () => {
    expect(() => planYear(1, '2026-11-21')).toThrow(RangeError);
    expect(() => planYear(1, '2026-02-30')).toThrow('anchor');
  });

  it('has the office work in office hours, and requesters at other times too', () => {
    const inHours = (at: number) => office.calendar.officeTime(at - 1000, at + 1000) > 0;
    const outside = plan.steps.filter(({ at }) => !inHours(at));
    for (const { caller, act } of outside) {
      const byRequester = caller.role === 'talent' || caller.role === 'system';
      const byTelephone = act.kind === 'register-case' && act.input.channelId === 'hotline';
      expect(byRequester || byTelephone).toBe(true);
    }
    expect(outside.length).toBeGreaterThan(50);
    const weekend = told.filter(({ registered }) => !office.calendar.isWorkingDay(office.dayOf(registered.at)));
    expect(weekend.length).toBeGreaterThan(5);
  });
});

describe('the figures of the year', () => {
  it('has the published cards', () => {
    const issued = acts('issue-card');
    expect(issued.length).toBeGreaterThanOrEqual(205);
    const reviewed = issued.filter(({ applicationId }) => applicationId !== undefined);
    expect(reviewed).toHaveLength(FIGURES.cards.yimengReviewed + FIGURES.cards.shandongOnly);
    const district = issued.filter(({ cardType }) => cardType === 'YIMENG_HUICAI');
    expect(district.length).toBeGreaterThanOrEqual(200);
    expect(issued.length - district.length).toBe(FIGURES.cards.shandongBesides + FIGURES.cards.shandongOnly);
    expect(new Set(issued.map(({ body }) => body)).size).toBe(issued.length);
    const talents = acts('register-talent');
    const experts = talents.filter(({ input }) => input.category === 'M' && input.engagement === 'FLEXIBLE');
    expect(experts.length / talents.length).toBeGreaterThan(0.8);
    const lostOrRevoked = new Set([...acts('report-card-lost'), ...acts('revoke-card')].map(({ cardId }) => cardId));
    expect(lostOrRevoked.size).toBe(13);
    expect(acts('apply-for-card').length - acts('review-card').length).toBe(FIGURES.cards.applied);
    expect(acts('review-card').filter(({ decision }) => decision === 'REJECTED')).toHaveLength(FIGURES.cards.rejected);
  });

  it('has the published matters solved, and others on their way', () => {
    const solved = told.filter((one) => {
      if (last(one, 'AnswerDirectly')) return true;
      const result = last(one, 'SubmitResult');
      return last(one, 'CloseCase') && result?.type === 'SubmitResult' && ['SOLVED', 'ANSWERED'].includes(result.outcome);
    });
    expect(solved.length).toBeGreaterThanOrEqual(390);
    const over = (one: Told) =>
      ['CloseCase', 'AnswerDirectly', 'DeclineCase', 'WithdrawCase'].some((type) => last(one, type as 'CloseCase'));
    expect(told.filter((one) => !over(one))).toHaveLength(40);
  });

  it.each([
    'AnswerDirectly',
    'TagCase',
    'UntagCase',
    'RemindCase',
    'ReceiveDeferredMaterials',
    'RequestOpinion',
    'CorrectStepTime',
    'AppealRating',
    'DismissAppeal',
    'SuperviseCase',
    'WorkOffSupervision',
    'CloseSupervision',
    'ArchiveCase',
  ] as const)('has what happens beside the course of a matter: %s', (type) => {
    expect(having(type)).toBeGreaterThan(1);
  });

  it('has the items in their shares, schooling most in July and August', () => {
    const of = (...codes: string[]) => told.filter(({ input }) => codes.includes(input.itemCode));
    expect(share(of('03', '04').length)).toBeCloseTo(0.3, 1);
    expect(share(of(SCHOOLING).length)).toBeCloseTo(0.2, 1);
    expect(new Set(told.map(({ input }) => input.itemCode)).size).toBeGreaterThanOrEqual(18);
    const summer = of(SCHOOLING).filter(({ registered }) => /-0[78]-/.test(office.dateOf(office.dayOf(registered.at))));
    expect(summer.length / of(SCHOOLING).length).toBeGreaterThan(0.4);
    for (const { input } of of(SCHOOLING)) expect(input.concerns.map(({ relation }) => relation)).toContain('CHILD');
    expect(told.filter(({ input }) => input.concerns.some(({ relation }) => relation === 'SPOUSE')).length).toBeGreaterThan(10);
  });

  it('has each turn a matter can take in its share', () => {
    expect(share(having('PauseClock') + having('RequestSupplement'))).toBeCloseTo(0.06, 2);
    expect(having('RequestSupplement')).toBeGreaterThan(3);
    expect(share(having('AddNote'))).toBeGreaterThan(0.05);
    expect(share(having('SendMessage'))).toBeGreaterThan(0.05);
    expect(share(having('GrantExtension'))).toBeCloseTo(0.04, 2);
    expect(having('RefuseExtension')).toBe(1);
    expect(share(having('ReturnCase'))).toBeCloseTo(0.035, 2);
    expect(share(having('ReopenCase'))).toBeCloseTo(0.03, 2);
    expect(share(having('DeclineCase'))).toBeCloseTo(0.02, 2);
    expect(share(having('WithdrawCase'))).toBeCloseTo(0.02, 2);
    expect(having('SendBackResult')).toBe(FIGURES.finished.sentBack);
    const callbacks = told.flatMap(({ steps }) => steps.flatMap(({ step }) => (step.type === 'RecordCallback' ? [step] : [])));
    const unreached = told.filter((one) =>
      one.steps.some(({ step }) => step.type === 'RecordCallback' && step.reachability === 'UNREACHABLE'),
    );
    expect(share(unreached.length)).toBeGreaterThan(0.06);
    expect(share(unreached.length)).toBeLessThan(0.12);
    const unhappy = callbacks.filter(({ satisfaction }) => satisfaction !== null && satisfaction <= 2);
    expect(unhappy).toHaveLength(FIGURES.finished.dissatisfied + FIGURES.finished.reopened);
    expect(having('RateCase') / having('CloseCase')).toBeGreaterThan(0.5);
    expect(having('RateCase') / having('CloseCase')).toBeLessThan(0.65);
    expect(new Set(told.map(({ input }) => input.channelId)).size).toBe(4);
    expect(new Set(told.map(({ input }) => input.urgency)).size).toBe(3);
  });

  it('has the specialists of every department that leads an item', () => {
    expect(acts('enrol-specialist')).toHaveLength(SPECIALISTS.reduce((sum, [, count]) => sum + count, 0));
    expect(new Set(acts('assign-specialist').map(({ talentId }) => talentId)).size).toBe(acts('register-talent').length);
  });

  it('leases numbers in blocks, no more than it needs', () => {
    const leases = acts('lease-numbers');
    for (const year of [2025, 2026]) {
      const taken = told.filter(({ registered }) => new Date(registered.at + 8 * 3_600_000).getUTCFullYear() === year).length;
      expect(leases.filter((lease) => lease.year === year)).toHaveLength(Math.ceil(taken / NUMBER_BLOCK));
    }
  });
});

describe('what the demo accounts see', () => {
  const mine = told.filter(({ input }) => input.talentId === DEMO_TALENT_ID);

  it('gives the talent an active card, a rated matter and one near due', () => {
    expect(acts('activate-card').some(({ talentId }) => talentId === DEMO_TALENT_ID)).toBe(true);
    expect(acts('report-card-lost').some(({ talentId }) => talentId === DEMO_TALENT_ID)).toBe(false);
    expect(mine.length).toBeGreaterThanOrEqual(4);
    expect(mine.filter((one) => last(one, 'CloseCase') && last(one, 'RateCase')).length).toBeGreaterThanOrEqual(1);
    const openOnes = mine.filter((one) => !last(one, 'SubmitResult') && last(one, 'TakeCase'));
    const soon = openOnes.filter((one) => {
      const accepted = one.steps.find(({ step }) => step.type === 'AcceptCase')!.at;
      return office.due(one.input.urgency, accepted, [], 0) <= office.calendar.closeOf(office.workingDay(plan.span.anchorDay, 1));
    });
    expect(soon).toHaveLength(1);
  });

  it('gives the specialist matters in hand, and the department some that nobody has taken', () => {
    const held = told.filter((one) =>
      one.steps.some(({ step, caller }) => step.type === 'TakeCase' && caller.specialistId === DEMO_SPECIALIST_ID),
    );
    expect(held.filter((one) => !last(one, 'SubmitResult')).length).toBeGreaterThanOrEqual(4);
    const untaken = told.filter(
      (one) =>
        last(one, 'SignForCase') &&
        !last(one, 'TakeCase') &&
        !last(one, 'ContactRequester') &&
        one.steps.some(({ caller }) => caller.departmentId === DEMO_DEPARTMENT_ID),
    );
    expect(untaken.length).toBeGreaterThanOrEqual(3);
  });
});
