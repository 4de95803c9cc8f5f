import { forbidden, illegal, invalid } from '@huicai/kernel';
import { parseInstant } from '@huicai/working-time';
import { currentClock, dueOf } from '../clocks.js';
import type { CaseEvent, CorrectableStep } from '../contract.js';
import { foldCase } from '../fold.js';
import { type CaseFacts, JUDGED } from '../state.js';
import { checkAnswer } from './callback.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

/** When it is told, epoch milliseconds; what it tells of may lie before. */
const toldAt = ({ now, recordedAt = now }: CaseRuleFacts): number => recordedAt;

/** The correction, and the breaches of which it shows that there were none. What turns out late by it is recorded by the timer. */
function withdrawing(correction: CaseEvent, state: CaseFacts, facts: CaseRuleFacts): CaseEvent[] {
  const after = foldCase(state, correction, { occurredAt: facts.now, actor: facts.actor, eventId: 'decided' })!;
  const wrong = after.clocks.filter((clock) => {
    if (clock.breachedAt === null) return false;
    const due = dueOf(clock, facts.time);
    return due !== null && (due !== clock.breachedAt || (clock.stoppedAt !== null && clock.stoppedAt <= due));
  });
  return [correction, ...wrong.map(({ clockId }): CaseEvent => ({ type: 'BreachWithdrawn', data: { clockId } }))];
}

/** Nobody puts right what they handled themselves. */
function refuseHandler(state: CaseFacts, { actor }: CaseRuleFacts): void {
  if (state.handlers.includes(actor.id)) throw forbidden('handler-may-not-correct');
}

interface Taken {
  readonly corrects: string | null;
  /** Epoch milliseconds, as are the others. */
  readonly was: number | null;
  readonly clockIds: readonly string[];
  /** Between what came before it and what came after. */
  readonly earliest: number;
  readonly latest: number;
}

const first = (...instants: (number | null | undefined)[]): number =>
  instants.reduce<number>((least, one) => (one == null ? least : Math.min(least, one)), Number.POSITIVE_INFINITY);

/** A step of the present cycle as it is on record; undefined when it was not taken. */
function takenStep(state: CaseFacts, step: CorrectableStep): Taken | undefined {
  const { acceptedAt, contactedAt, submittedAt, callbacks, closedAt } = state;
  const clock = (kind: string) => currentClock(state, kind);
  const [total, signFor, contact, handling] = [clock('total'), clock('signFor'), clock('firstContact'), clock('handling')];
  const stoppedBy = (id: string | undefined) => state.clocks.filter((c) => id !== undefined && c.stoppedBy === id);
  if (step === 'ACCEPTED') {
    if (!total || acceptedAt === null) return undefined;
    const before = state.sealedCycles.at(-1);
    const earliest = before?.closedAt ?? before?.submittedAt ?? state.registeredAt;
    const dispatches = state.clocks.filter((c) => c.cycle === state.cycle && c.kind === 'handling').map((c) => c.startedAt);
    const latest = first(...dispatches, submittedAt, total.stoppedAt);
    return { corrects: total.startedBy ?? null, was: acceptedAt, clockIds: [total.clockId], earliest, latest };
  }
  if (step === 'SUBMITTED') {
    const answering = state.direct ? total : handling;
    if (!answering || submittedAt === null) return undefined;
    const corrects = answering.stoppedBy;
    const clockIds = stoppedBy(corrects).map(({ clockId }) => clockId);
    const signed = state.direct || signFor?.stoppedBy === corrects ? null : signFor?.stoppedAt;
    const earliest = Math.max(answering.startedAt, signed ?? 0, state.direct ? 0 : (contactedAt ?? 0));
    const closes = state.direct ? null : closedAt;
    const latest = first(clock('callback')?.startedAt, callbacks[0]?.at, closes);
    return { corrects: corrects ?? null, was: submittedAt, clockIds, earliest, latest };
  }
  if (state.departmentId === null) return undefined;
  if (step === 'SIGNED_FOR') {
    const signed = signFor && signFor.stoppedAt !== null && signFor.stoppedBy !== handling?.stoppedBy;
    if (!signed) return undefined;
    const { stoppedBy: corrects = null, stoppedAt: was, startedAt: earliest, clockId } = signFor;
    return { corrects, was, clockIds: [clockId], earliest, latest: first(handling?.stoppedAt) };
  }
  if (!contact) return undefined;
  const { clockId, startedAt: earliest, stoppedAt } = contact;
  const corrects = contactedAt === null ? null : (contact.stoppedBy ?? null);
  const latest = contactedAt === null ? first(stoppedAt) : first(handling?.stoppedAt);
  return { corrects, was: contactedAt, clockIds: [clockId], earliest, latest };
}

/** A step really happened earlier, or later, than it was recorded, or a contact that nobody recorded did happen (late fact). */
export const correctStepTime = rule({
  command: 'CorrectStepTime',
  from: JUDGED,
  roles: ['supervisor'],
  needs: ['time'],
  decide: (data, state, facts) => {
    refuseHandler(state, facts);
    const taken = takenStep(state, data.step);
    if (!taken) throw illegal('step-not-taken', { field: 'step' });
    const { corrects, was, clockIds, earliest, latest } = taken;
    const at = facts.now;
    if (at > toldAt(facts)) throw invalid('occurred-in-future', 'occurredAt');
    if (at < earliest || at > latest) {
      const to = Math.min(latest, toldAt(facts));
      throw invalid('occurred-out-of-order', 'occurredAt', { earliest: iso(earliest), latest: iso(to) });
    }
    if (at === was) throw invalid('nothing-to-correct', 'occurredAt');
    const moved = { ...data, corrects, was: was === null ? null : iso(was), clockIds };
    return withdrawing({ type: 'StepTimeCorrected', data: moved }, state, facts);
  },
});

const iso = (instant: number): string => new Date(instant).toISOString();

const pausesOf = ({ clocks, cycle }: CaseFacts) =>
  clocks.filter((clock) => clock.cycle === cycle).flatMap(({ clockId, pauses }) => pauses.map((pause) => ({ clockId, pause })));

/** A pause was recorded that never was, for another reason, or over another span. */
export const correctPause = rule({
  command: 'CorrectPause',
  from: JUDGED,
  roles: ['supervisor'],
  needs: ['time'],
  when: provided('there was a pause in this cycle', (state) => pausesOf(state).length > 0),
  decide: ({ pauseId, voided, pauseReasonCode = null, reasonCode, reason, ...given }, state, facts) => {
    refuseHandler(state, facts);
    const meant = pausesOf(state).filter(({ pause }) => pause.cause === pauseId);
    const [one] = meant;
    if (!one) throw invalid('pause-not-found', 'pauseId');
    if (voided ? Object.keys(given).length > 0 || pauseReasonCode !== null : false) throw invalid('pause-void-alone', 'voided');
    if (!voided && Object.keys(given).length === 0 && pauseReasonCode === null) throw invalid('nothing-to-correct', 'pauseId');
    const from = given.from === undefined ? one.pause.from : parseInstant(given.from);
    const to = given.to === undefined ? one.pause.to : parseInstant(given.to);
    checkSpan(from, to, state, facts);
    const clockIds = [...new Set(meant.map(({ clockId }) => clockId))];
    const span = { from: iso(from), to: to === null ? null : iso(to) };
    const data = { reasonCode, reason, pauseId, voided, ...span, pauseReasonCode, clockIds };
    return withdrawing({ type: 'PauseCorrected', data }, state, facts);
  },
});

/** The matter waited for somebody else and nobody had said so. */
export const recordLatePause = rule({
  command: 'RecordLatePause',
  from: JUDGED,
  roles: ['supervisor'],
  needs: ['time'],
  decide: (data, state, facts) => {
    refuseHandler(state, facts);
    const [from, to] = [parseInstant(data.from), parseInstant(data.to)];
    checkSpan(from, to, state, facts);
    const ran = state.clocks.filter(
      ({ cycle, startedAt, stoppedAt, kind }) =>
        cycle === state.cycle &&
        kind !== 'callback' &&
        kind !== 'rectification' &&
        startedAt < to &&
        (stoppedAt === null || stoppedAt > from),
    );
    if (ran.length === 0) throw illegal('no-clock-ran', { field: 'from' });
    const clockIds = ran.map(({ clockId }) => clockId);
    const span = { from: iso(from), to: iso(to) };
    return withdrawing({ type: 'PauseRecordedLate', data: { ...data, ...span, clockIds } }, state, facts);
  },
});

function checkSpan(from: number, to: number | null, state: CaseFacts, facts: CaseRuleFacts): void {
  const now = toldAt(facts);
  if (from > now) throw invalid('occurred-in-future', 'from');
  if (to !== null && to > now) throw invalid('occurred-in-future', 'to');
  if (to !== null && to <= from) throw invalid('pause-span-reversed', 'to');
  const earliest = state.acceptedAt ?? state.registeredAt;
  if (from < earliest) throw invalid('occurred-out-of-order', 'from', { earliest: iso(earliest), latest: iso(to ?? now) });
}

/** The outcome, or the words of the reply, were entered wrongly. */
export const correctResult = rule({
  command: 'CorrectResult',
  from: JUDGED,
  roles: ['supervisor'],
  when: provided('a result is on record', (state) => state.outcome !== null),
  decide: (data, state, facts) => {
    refuseHandler(state, facts);
    const was = state.outcome!;
    if (data.outcome === was && data.reply === null) throw invalid('nothing-to-correct', 'outcome');
    return [{ type: 'ResultCorrected', data: { ...data, was } }];
  },
});

/** What the requester said at a callback was entered wrongly. */
export const correctCallback = rule({
  command: 'CorrectCallback',
  from: JUDGED,
  roles: ['supervisor'],
  when: provided('somebody has called back, or tried to', (state) => state.callbacks.length > 0),
  decide: (data, state, facts) => {
    refuseHandler(state, facts);
    const was = state.callbacks[data.n - 1];
    if (!was) throw invalid('callback-not-found', 'n', { count: state.callbacks.length });
    checkAnswer(data);
    const { reachability, resolved, satisfaction } = was;
    if (data.reachability === reachability && data.resolved === resolved && data.satisfaction === satisfaction)
      throw invalid('nothing-to-correct', 'n');
    return [{ type: 'CallbackCorrected', data: { ...data, was: { reachability, resolved, satisfaction } } }];
  },
});
