import type { Sealed } from '@huicai/kernel';
import fc from 'fast-check';
import { DEFAULT_POLICY } from '../contexts/calendar/default-policy.js';
import { timeUnder, told } from '../contexts/cases/case.fixture.js';
import { caseDecider } from '../contexts/cases/case.js';
import type { CaseCommand } from '../contexts/cases/contract.js';
import { type CaseFacts, dueOf, foldCase } from '../contexts/cases/facts.js';
import { nextMiss } from '../contexts/cases/views/sla-timers.view.js';
import { FIGURES, scaled } from './figures.js';
import { Office } from './office.js';
import { DEFAULT_SEED, planYear, type YearPlan } from './plan.js';
import type { Step } from './steps.js';

const sealed = {} as Sealed;
const office = new Office();
const TIME = timeUnder(DEFAULT_POLICY);

/** Takes the case steps of a plan through the rulebook alone, with the timers between them, and gives the cases at the end. */
function decideAll({ steps, span }: YearPlan): CaseFacts[] {
  const cases = new Map<string, CaseFacts>();
  for (const step of steps) {
    const { act } = step;
    if (act.kind === 'register-case') {
      const subjects = [{ subjectId: act.input.talentId, relation: 'SELF' as const, name: null }];
      const { concerns: _, ...input } = act.input;
      decide(cases, act.caseId, step, { type: 'RegisterCase', data: { ...input, caseId: act.caseId, matter: sealed, subjects } });
    } else if (act.kind === 'open-rectification') {
      decide(cases, act.caseId, step, { type: 'OpenRectification', data: { cycle: act.cycle } });
    } else if (act.kind === 'step-case') {
      miss(cases, act.caseId, step.at);
      const { type, ...data } = act.step;
      decide(cases, act.caseId, step, { type, data } as unknown as CaseCommand);
    }
  }
  for (const caseId of cases.keys()) miss(cases, caseId, span.to);
  return [...cases.values()];
}

function decide(cases: Map<string, CaseFacts>, caseId: string, { at, caller, key }: Step, command: CaseCommand): void {
  const actor = { id: caller.id, role: caller.role };
  const { talentId = null, departmentId = null, specialistId = null, employerId = null } = caller;
  // A correction says when something happened, and is told later.
  const { occurredAt: said } = command.data as { readonly occurredAt?: string };
  const occurredAt = said === undefined ? at : Date.parse(said);
  const by = { actor, caller: { talentId, departmentId, specialistId, employerId } };
  const facts = { ...told(by, occurredAt, { time: TIME }), ...(said === undefined ? {} : { recordedAt: at }) };
  let state = cases.get(caseId) ?? null;
  const events = caseDecider.decide(command, state, facts);
  if (events.length === 0) throw new Error(`${key} changes nothing`);
  for (const event of events) state = foldCase(state, event, { occurredAt, eventId: key, actor });
  cases.set(caseId, state!);
}

function miss(cases: Map<string, CaseFacts>, caseId: string, before: number): void {
  for (let next = nextMiss(cases.get(caseId)!, TIME); next && next.due < before; next = nextMiss(cases.get(caseId)!, TIME)) {
    const { clockId, due } = next;
    decide(cases, caseId, { at: due, caller: { id: 'timer', role: 'system' }, key: `breach ${clockId}` } as Step, {
      type: 'RecordBreach',
      data: { clockId, due: new Date(due).toISOString() },
    });
  }
}

const workingDays = office
  .workingDays(office.calendar.dayOf(Date.UTC(2025, 5, 2)), office.calendar.dayOf(Date.UTC(2026, 11, 30)))
  .map((day) => office.dateOf(day));

describe('the rules and the plan', () => {
  it('agree on every step of the year', () => {
    const plan = planYear(DEFAULT_SEED, '2026-11-20');
    const cases = decideAll(plan);
    const byStatus = (status: CaseFacts['status']) => cases.filter((one) => one.status === status).length;
    const { open, finished } = FIGURES;
    expect(byStatus('REGISTERED')).toBe(open.registered);
    expect(byStatus('ACCEPTED')).toBe(open.accepted);
    expect(byStatus('DISPATCHED')).toBe(open.dispatched);
    expect(byStatus('SUBMITTED')).toBe(open.submitted);
    expect(byStatus('RESULT_ACCEPTED')).toBe(open.resultAccepted);
    expect(byStatus('DECLINED')).toBe(finished.declined);
    expect(byStatus('WITHDRAWN')).toBe(finished.withdrawn);
    const late = cases.filter((one) =>
      one.clocks.some((clock) => clock.kind === 'total' && clock.breachedAt !== null && clock.breachedAt === dueOf(clock, TIME)),
    );
    expect(late).toHaveLength(finished.overdue + open.red);
    expect(late.length / cases.length).toBeCloseTo(0.08, 2);
    const opinions = cases.flatMap(({ opinions }) => opinions);
    expect(opinions.filter(({ givenAt }) => givenAt !== null).length / opinions.length).toBeGreaterThan(0.9);
    const reviews = cases.flatMap(({ rectifications }) => rectifications);
    expect(reviews.length).toBeGreaterThan(3);
    expect(reviews.every(({ clockId, submittedAt, callbacks }) => clockId && submittedAt && callbacks.length === 1)).toBe(true);
    expect(cases.flatMap(({ clocks }) => clocks).filter(({ kind }) => kind === 'callback').length).toBeGreaterThan(390);
    const takenBack = cases.filter((one) => one.clocks.some((clock) => clock.withdrawnBreaches > 0));
    expect(takenBack).toHaveLength(finished.extendedAfterDue);
    const yellow = cases.filter((one) =>
      one.clocks.some(
        (clock) =>
          clock.kind === 'total' &&
          clock.stoppedAt === null &&
          dueOf(clock, TIME) === office.calendar.closeOf(office.workingDay(plan.span.anchorDay, 1)),
      ),
    );
    expect(yellow.length).toBeGreaterThanOrEqual(open.yellow);
  });

  it('agree whatever the seed and the day the year ends on', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...workingDays), fc.constantFrom(0.02, 0.05, 0.2), (seed, anchor, scale) => {
        const plan = planYear(seed, anchor, scale);
        const cases = decideAll(plan);
        const late = cases.filter((one) => one.standingBreaches.some((id) => id.startsWith('total/')));
        expect(late).toHaveLength(scaled(FIGURES.finished.overdue, scale) + scaled(FIGURES.open.red, scale));
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
