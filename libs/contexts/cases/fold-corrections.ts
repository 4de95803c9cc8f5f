import { type ClockState, openPauseOf, parseInstant, stopClock } from '@huicai/working-time';
import type { CaseEvent } from './contract.js';
import type { CorrectionEvent } from './contract-corrections.js';
import type { CaseFacts } from './state.js';

type Data<T extends CorrectionEvent['type']> = Extract<CorrectionEvent, { type: T }>['data'];

const CORRECTIONS: ReadonlySet<string> = new Set<CorrectionEvent['type']>([
  'StepTimeCorrected',
  'PauseCorrected',
  'PauseRecordedLate',
  'ResultCorrected',
  'CallbackCorrected',
]);

export const isCorrection = (event: CaseEvent): event is CorrectionEvent => CORRECTIONS.has(event.type);

/** The case as if it had been recorded right in the first place. Unlike any other step, its time may lie before what happened since. */
export function corrected(before: CaseFacts, event: CorrectionEvent, when: { occurredAt: number; eventId: string }): CaseFacts {
  const state = { ...before, corrections: before.corrections + 1 };
  switch (event.type) {
    case 'StepTimeCorrected':
      return stepMoved(state, event.data, when);
    case 'PauseCorrected':
      return pauseCorrected(state, event.data, when.eventId);
    case 'PauseRecordedLate':
      return pauseAdded(state, event.data, when.eventId);
    case 'ResultCorrected':
      return { ...state, outcome: event.data.outcome };
    case 'CallbackCorrected': {
      const { n, reachability, resolved, satisfaction } = event.data;
      const callbacks = state.callbacks.map((one, i) =>
        i === n - 1 ? { at: one.at, reachability, resolved, satisfaction } : one,
      );
      return { ...state, callbacks };
    }
  }
}

const changed = (state: CaseFacts, clockIds: readonly string[], change: (clock: ClockState) => ClockState): ClockState[] =>
  state.clocks.map((clock) => (clockIds.includes(clock.clockId) ? change(clock) : clock));

function stepMoved(
  state: CaseFacts,
  { step, clockIds }: Data<'StepTimeCorrected'>,
  { occurredAt: at, eventId: cause }: { occurredAt: number; eventId: string },
): CaseFacts {
  if (step === 'ACCEPTED') {
    return {
      ...state,
      acceptedAt: at,
      clocks: changed(state, clockIds, (clock) => ({ ...clock, startedAt: at, startedBy: cause })),
    };
  }
  const clocks = changed(state, clockIds, (clock) => {
    const mark = { at: Math.max(at, clock.startedAt), cause };
    return clock.stoppedAt === null ? stopClock(clock, mark) : { ...clock, stoppedAt: mark.at, stoppedBy: cause };
  });
  if (step === 'CONTACTED') return { ...state, contactedAt: at, clocks };
  if (step === 'SUBMITTED') return { ...state, submittedAt: at, ...(state.direct ? { closedAt: at } : {}), clocks };
  return { ...state, clocks };
}

function pauseCorrected(before: CaseFacts, data: Data<'PauseCorrected'>, cause: string): CaseFacts {
  const { pauseId, voided, clockIds, pauseReasonCode } = data;
  const reasons = pauseReasonCode === null ? before.reasons : { ...before.reasons, [pauseId]: pauseReasonCode };
  const state = { ...before, reasons };
  const lasts = state.clocks.some((clock) => openPauseOf(clock)?.cause === pauseId);
  const from = parseInstant(data.from);
  const to = data.to === null ? null : parseInstant(data.to);
  const clocks = changed(state, clockIds, (clock) => ({
    ...clock,
    pauses: clock.pauses.flatMap((pause) => {
      if (pause.cause !== pauseId) return [pause];
      // A clock that has stopped since is not paused any more.
      const end = to ?? clock.stoppedAt;
      if (voided || (end !== null && end <= from)) return [];
      return [{ ...pause, from, to: end, ...(end === pause.to ? {} : { endedBy: cause }) }];
    }),
  }));
  if (!lasts || state.pausedSince === null) return { ...state, clocks };
  if (!voided && to === null) {
    // A notice of missing materials began its pause.
    const supplement = state.supplement && { ...state.supplement, at: from };
    return { ...state, pausedSince: from, pauseReasonCode: pauseReasonCode ?? state.pauseReasonCode, supplement, clocks };
  }
  const over = { pausedSince: null, pauseReasonCode: null, pauseEndsAt: null, repliedAt: null, pausedClockIds: [] };
  return { ...state, ...over, supplement: null, clocks };
}

function pauseAdded(state: CaseFacts, { from, to, clockIds }: Data<'PauseRecordedLate'>, cause: string): CaseFacts {
  const late = { from: parseInstant(from), to: parseInstant(to), cause, endedBy: cause };
  const clocks = changed(state, clockIds, (clock) => {
    const open = openPauseOf(clock);
    const ended = open ? clock.pauses.slice(0, -1) : clock.pauses;
    return { ...clock, pauses: [...ended, late, ...(open ? [open] : [])] };
  });
  return { ...state, clocks };
}
