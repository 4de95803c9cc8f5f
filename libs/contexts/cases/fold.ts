import {
  type ClockState,
  continueClock,
  extendClock,
  openPauseOf,
  parseInstant,
  pauseClock,
  recordBreach,
  resumeClock,
  sealClock,
  startClock,
  stopClock,
  withdrawBreach,
} from '@huicai/working-time';
import { currentClock } from './clocks.js';
import type { CaseEvent, ClockStarted } from './contract.js';
import { movedBy } from './sight.js';
import { type CaseFacts, freshCycle } from './state.js';

interface When {
  readonly occurredAt: number;
  readonly eventId: string;
  readonly actor: { readonly id: string };
}

/** The next state of a case; null only before its registration. Pure, and never throws on a recorded history. */
export function foldCase(state: CaseFacts | null, event: CaseEvent, when: When): CaseFacts | null {
  if (event.type === 'CaseRegistered') return registered(event.data, when);
  if (!state) return null;
  // A step never gives the state it was given, so its own is finished in place: read models fold by the million, and a copy of so
  // wide a state costs more than the step.
  const next: { -readonly [K in keyof CaseFacts]: CaseFacts[K] } = step(state, event, when);
  const moved = movedBy(event, state);
  if (moved) {
    next.departmentId = moved.departmentId;
    next.coDepartmentIds = moved.coDepartmentIds;
    next.specialistId = moved.specialistId;
  }
  next.lastAt = Math.max(state.lastAt, when.occurredAt);
  if (next.clocks !== state.clocks) next.standingBreaches = breached(next.clocks);
  return next;
}

const breached = (clocks: readonly ClockState[]): string[] =>
  clocks.filter(({ breachedAt }) => breachedAt !== null).map(({ clockId }) => clockId);

function registered(data: Extract<CaseEvent, { type: 'CaseRegistered' }>['data'], { occurredAt }: When): CaseFacts {
  return {
    caseId: data.caseId,
    number: data.number,
    talentId: data.talentId,
    itemCode: data.itemCode,
    catalogueVersion: data.catalogueVersion,
    channelId: data.channelId,
    urgency: data.urgency,
    subjects: data.subjects,
    firstContactPerson: data.firstContactPerson,
    ...freshCycle,
    status: 'REGISTERED',
    registeredAt: occurredAt,
    lastAt: occurredAt,
    cycle: 1,
    pausedSince: null,
    pauseReasonCode: null,
    pausedClockIds: [],
    coDepartmentIds: [],
    specialistId: null,
    dispatchedAt: null,
    returns: 0,
    extensionAsked: null,
    extensionsGranted: 0,
    handlers: [],
    clocks: [],
    clockDepartments: {},
    standingBreaches: [],
    sealedCycles: [],
    supervisions: [],
  };
}

function step(state: CaseFacts, event: Exclude<CaseEvent, { type: 'CaseRegistered' }>, when: When): CaseFacts {
  // Clocks of two processes differ by a little; a clock can not be moved to before its last mark, so the fold never goes back.
  const at = Math.max(when.occurredAt, state.lastAt);
  const mark = { at, cause: when.eventId };
  switch (event.type) {
    case 'CaseAccepted':
      return { ...state, status: 'ACCEPTED', acceptedAt: at, clocks: started(state, event.data.clocks, mark) };
    case 'CaseDeclined':
      return { ...state, status: 'DECLINED' };
    case 'CaseDispatched': {
      const judged = event.data.clocks.map(({ clockId }) => [clockId, event.data.departmentId]);
      const clockDepartments = { ...state.clockDepartments, ...Object.fromEntries(judged) };
      const clocks = started(state, event.data.clocks, mark);
      return { ...state, status: 'DISPATCHED', dispatchedAt: at, clocks, clockDepartments };
    }
    case 'CaseSignedFor':
      return { ...state, status: 'SIGNED_FOR', clocks: stopped(state, ['signFor'], mark) };
    case 'CaseReturned': {
      const clocks = stopped(state, ['signFor', 'firstContact', 'handling'], mark);
      // The next department has to contact the requester itself.
      const cleared = { extensionAsked: null, contactedAt: null };
      return { ...state, ...cleared, status: 'ACCEPTED', returns: state.returns + 1, clocks };
    }
    case 'CaseTaken':
      return { ...state, handlers: handledBy(state, when) };
    case 'RequesterContacted':
      return {
        ...state,
        contactedAt: state.contactedAt ?? at,
        handlers: handledBy(state, when),
        clocks: stopped(state, ['firstContact'], mark),
      };
    case 'ClockPaused': {
      const { reasonCode, clockIds } = event.data;
      const clocks = state.clocks.map((c) => (clockIds.includes(c.clockId) ? pauseClock(c, mark) : c));
      return { ...state, pausedSince: at, pauseReasonCode: reasonCode, pausedClockIds: clockIds, clocks };
    }
    case 'ClockResumed': {
      const clocks = state.clocks.map((c) =>
        openPauseOf(c) && event.data.clockIds.includes(c.clockId) ? resumeClock(c, mark) : c,
      );
      return { ...state, pausedSince: null, pauseReasonCode: null, pausedClockIds: [], clocks };
    }
    case 'ExtensionRequested':
      return { ...state, extensionAsked: { workingDays: event.data.workingDays, at } };
    case 'ExtensionGranted': {
      const { workingDays, clockIds } = event.data;
      const clocks = state.clocks.map((c) => (clockIds.includes(c.clockId) ? extendClock(c, { ...mark, workingDays }) : c));
      return { ...state, extensionAsked: null, extensionsGranted: state.extensionsGranted + 1, clocks };
    }
    case 'ExtensionRefused':
      return { ...state, extensionAsked: null };
    case 'ResultSubmitted': {
      const clocks = stopped(state, ['total', 'signFor', 'firstContact', 'handling'], mark);
      const result = { submittedAt: at, outcome: event.data.outcome, handlers: handledBy(state, when), extensionAsked: null };
      return { ...state, ...result, status: 'SUBMITTED', clocks };
    }
    case 'ResultAccepted':
      return { ...state, status: 'RESULT_ACCEPTED' };
    case 'ResultSentBack':
      return { ...state, status: 'SIGNED_FOR', submittedAt: null, outcome: null, clocks: sentBack(state, mark) };
    case 'CallbackRecorded': {
      const { reachability, resolved, satisfaction } = event.data;
      return { ...state, callbacks: [...state.callbacks, { at, reachability, resolved, satisfaction }] };
    }
    case 'CaseRated':
      return { ...state, rating: event.data.satisfaction };
    case 'CaseClosed':
      return { ...state, status: 'CLOSED', closedAt: at };
    case 'CaseWithdrawn': {
      const cleared = { pausedSince: null, pauseReasonCode: null, pausedClockIds: [], extensionAsked: null };
      return {
        ...state,
        ...cleared,
        status: 'WITHDRAWN',
        clocks: stopped(state, ['total', 'signFor', 'firstContact', 'handling'], mark),
      };
    }
    case 'CaseReopened':
      return reopened(state, event.data, mark);
    case 'BreachRecorded':
      return changeClock(state, event.data.clockId, (c) => recordBreach(c, { at: parseInstant(event.data.due) }));
    case 'BreachWithdrawn':
      return changeClock(state, event.data.clockId, (c) => (c.breachedAt === null ? c : withdrawBreach(c)));
    case 'SupervisionRaised': {
      const { cycle, cause } = event.data;
      return { ...state, supervisions: [...state.supervisions, { cycle, cause, raisedAt: at }] };
    }
  }
}

interface Mark {
  readonly at: number;
  readonly cause: string;
}

function started(state: CaseFacts, promises: readonly ClockStarted[], { at, cause }: Mark): ClockState[] {
  const fresh = promises.map(({ promisedDue, ...promise }) => {
    const [, cycle, n] = promise.clockId.split('/');
    const due = promisedDue === null ? null : parseInstant(promisedDue);
    return startClock({ ...promise, cycle: Number(cycle), n: Number(n), startedAt: at, promisedDue: due }, cause);
  });
  return [...state.clocks, ...fresh];
}

/** Stops the clocks of these kinds that still run or are paused. */
function stopped(state: CaseFacts, kinds: readonly string[], mark: Mark): ClockState[] {
  return state.clocks.map((c) => (c.stoppedAt === null && kinds.includes(c.kind) ? stopClock(c, mark) : c));
}

/**
 * The department's clock goes on with the review time as a pause. The requester's goes on as if it had never stopped: nothing
 * has been answered yet.
 */
function sentBack(state: CaseFacts, mark: Mark): ClockState[] {
  const handling = currentClock(state, 'handling');
  const total = currentClock(state, 'total');
  return state.clocks.map((c) => {
    if (c === handling) return continueClock(c, mark);
    if (c !== total) return c;
    const { stoppedBy: _, ...rest } = c;
    return { ...rest, stoppedAt: null };
  });
}

function reopened(state: CaseFacts, data: Extract<CaseEvent, { type: 'CaseReopened' }>['data'], mark: Mark): CaseFacts {
  const { acceptedAt, departmentId, contactedAt, submittedAt, outcome, callbacks, rating, closedAt, cycle } = state;
  const sealed = { cycle, acceptedAt, departmentId, contactedAt, submittedAt, outcome, callbacks, rating, closedAt };
  const clocks = state.clocks.map((c) => sealClock(c));
  return {
    ...state,
    ...freshCycle,
    status: 'ACCEPTED',
    acceptedAt: mark.at,
    cycle: data.cycle,
    dispatchedAt: null,
    extensionsGranted: 0,
    clocks: started({ ...state, clocks }, data.clocks, mark),
    sealedCycles: [...state.sealedCycles, sealed],
  };
}

function changeClock(state: CaseFacts, clockId: string, change: (clock: ClockState) => ClockState): CaseFacts {
  return { ...state, clocks: state.clocks.map((c) => (c.clockId === clockId ? change(c) : c)) };
}

const handledBy = (state: CaseFacts, { actor }: When): string[] =>
  state.handlers.includes(actor.id) ? [...state.handlers] : [...state.handlers, actor.id];
