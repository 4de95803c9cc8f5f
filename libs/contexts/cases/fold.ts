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
  stopClock,
  voidClock,
  withdrawBreach,
} from '@huicai/working-time';
import type { CaseEvent, ClockStarted } from './contract.js';
import type { CorrectionEvent } from './contract-corrections.js';
import { changeClock, ended, leftByDepartment, type Mark, sentBack, started, stopped } from './fold-clocks.js';
import { corrected, isCorrection } from './fold-corrections.js';
import { movedBy } from './sight.js';
import { type CaseFacts, copyOf, freshCase, freshCycle, type Rectification, type Supervision } from './state.js';

interface When {
  readonly occurredAt: number;
  readonly eventId: string;
  readonly actor: { readonly id: string; readonly role?: string };
}

/** What a step makes of a state. */
type Change = Partial<CaseFacts>;

/** The next state of a case; null only before its registration. Pure, and never throws on a recorded history. */
export function foldCase(state: CaseFacts | null, event: CaseEvent, when: When): CaseFacts | null {
  if (event.type === 'CaseRegistered') return registered(event.data, when);
  if (!state) return null;
  const next = copyOf(state);
  Object.assign(next, isCorrection(event) ? corrected(state, event, when) : step(state, event, when));
  const moved = movedBy(event, state);
  if (moved) {
    next.departmentId = moved.departmentId;
    next.coDepartmentIds = moved.coDepartmentIds;
    next.specialistId = moved.specialistId;
  }
  if (next.takeBack !== null || 'returnDue' in event.data) next.takeBack = takeBackAfter(next, event, when, moved !== undefined);
  const reason = reasonOf(event, state);
  if (reason !== undefined) next.reasons = { ...state.reasons, [when.eventId]: reason };
  // What was asked for of a department is over once the case has left its desk.
  if (next.status !== 'SIGNED_FOR') {
    if (next.pauseAsked) next.pauseAsked = null;
    if (next.proposal) next.proposal = null;
  }
  next.lastAt = Math.max(state.lastAt, when.occurredAt);
  if (next.clocks !== state.clocks) next.standingBreaches = breached(next.clocks);
  return next;
}

const notPaused = { pausedSince: null, pauseReasonCode: null, pauseEndsAt: null, repliedAt: null, pausedClockIds: [] } as const;

const breached = (clocks: readonly ClockState[]): string[] =>
  clocks.filter(({ breachedAt }) => breachedAt !== null).map(({ clockId }) => clockId);

function registered(data: Extract<CaseEvent, { type: 'CaseRegistered' }>['data'], { occurredAt }: When): CaseFacts {
  return copyOf({
    caseId: data.caseId,
    number: data.number,
    talentId: data.talentId,
    itemCode: data.itemCode,
    catalogueVersion: data.catalogueVersion,
    channelId: data.channelId,
    area: data.area ?? null,
    urgency: data.urgency,
    subjects: data.subjects,
    firstContactPerson: data.firstContactPerson,
    ...freshCase,
    employerId: data.employerId ?? null,
    status: 'REGISTERED',
    registeredAt: occurredAt,
    lastAt: occurredAt,
    cycle: 1,
  });
}

/** Why an event moves the promise; undefined where it does not. */
function reasonOf(event: CaseEvent, { extensionAsked }: CaseFacts): string | undefined {
  if (event.type === 'ClockPaused') return event.data.reasonCode;
  if (event.type === 'SupplementRequested') return 'AWAITING_MATERIALS';
  if (event.type === 'PauseRecordedLate') return event.data.pauseReasonCode;
  return event.type === 'ExtensionGranted' ? (extensionAsked?.reasonCode ?? undefined) : undefined;
}

type Step = Exclude<CaseEvent, { type: 'CaseRegistered' } | CorrectionEvent>;

function step(state: CaseFacts, event: Step, when: When): Change {
  // Clocks of two processes differ by a little; a clock can not be moved to before its last mark, so the fold never goes back.
  const at = Math.max(when.occurredAt, state.lastAt);
  const mark = { at, cause: when.eventId };
  switch (event.type) {
    case 'CaseAccepted':
      return {
        status: 'ACCEPTED',
        acceptedAt: at,
        deferred: event.data.deferred ? { until: event.data.deferred.until, at, receivedAt: null } : null,
        clocks: started(state, event.data.clocks, mark),
      };
    case 'DeferredMaterialsReceived':
      return { deferred: state.deferred && { ...state.deferred, receivedAt: at } };
    case 'PauseRequested':
      return { pauseAsked: { ...event.data, at, by: when.actor.id, role: when.actor.role ?? '' } };
    case 'PauseRefused':
      return { pauseAsked: null };
    case 'ResultProposed':
      return { proposal: { ...event.data, at, by: when.actor.id }, handlers: handledBy(state, when) };
    case 'ProposalSentBack':
      return { proposal: null };
    case 'CaseDeclined':
      return { status: 'DECLINED' };
    case 'CaseAnsweredDirectly': {
      const answered = { submittedAt: at, closedAt: at, outcome: 'ANSWERED' as const, handlers: handledBy(state, when) };
      return { ...answered, direct: true, returned: null, status: 'CLOSED', clocks: stopped(state, ['total'], mark) };
    }
    case 'CaseDispatched':
      return { ...dispatched(state, event.data, mark), returned: null, routing: event.data.routing ?? null };
    case 'CaseSignedFor':
      return { status: 'SIGNED_FOR', clocks: stopped(state, ['signFor'], mark) };
    case 'CaseReturned': {
      const clocks = leftByDepartment(state, mark);
      // The next department has to contact the requester itself.
      const cleared = { extensionAsked: null, contactedAt: null };
      const { status, coDepartmentIds, specialistId, contactedAt } = state;
      const { departmentId } = event.data;
      return {
        ...cleared,
        status: 'ACCEPTED',
        returns: state.returns + 1,
        returnedBy: [...state.returnedBy, departmentId],
        returnedAt: [...state.returnedAt, at],
        returned: { status, departmentId, coDepartmentIds, specialistId, contactedAt, cause: when.eventId },
        clocks,
      };
    }
    case 'ReturnRefused': {
      const { returned } = state;
      if (!returned) return {};
      const clocks = state.clocks.map((c) => (c.stoppedBy === returned.cause ? continueClock(c, mark) : c));
      return { status: returned.status, contactedAt: returned.contactedAt, returned: null, clocks };
    }
    case 'CaseReassigned': {
      const left = { ...state, clocks: leftByDepartment(state, mark) };
      return { ...dispatched(left, event.data, mark), extensionAsked: null, contactedAt: null };
    }
    case 'OpinionRequested':
      return awaited(state, event.data.departmentId, event.data.clocks, mark);
    case 'OpinionGiven': {
      const { clockId } = event.data;
      const opinions = state.opinions.map((one) => (one.clockId === clockId ? { ...one, givenAt: at } : one));
      const judged = changeClock(state, clockId, (c) => (c.stoppedAt === null ? stopClock(c, mark) : c));
      return { ...judged, opinions, handlers: handledBy(state, when) };
    }
    case 'CaseTaken':
      return { handlers: handledBy(state, when) };
    case 'CaseAssigned':
    case 'CaseHandedOver':
    case 'CaseReturnedToQueue':
      return {};
    case 'RequesterContacted':
      return {
        contactedAt: state.contactedAt ?? at,
        handlers: handledBy(state, when),
        clocks: stopped(state, ['firstContact'], mark),
      };
    case 'ClockPaused': {
      const { reasonCode, clockIds, endsAt } = event.data;
      const clocks = state.clocks.map((c) => (clockIds.includes(c.clockId) ? pauseClock(c, mark) : c));
      const pauseEndsAt = endsAt === undefined ? null : parseInstant(endsAt);
      return {
        ...notPaused,
        pausedSince: at,
        pauseReasonCode: reasonCode,
        pauseEndsAt,
        pausedClockIds: clockIds,
        pauseAsked: null,
        clocks,
      };
    }
    case 'SupplementReceived':
    case 'ClockResumed': {
      const clocks = state.clocks.map((c) =>
        openPauseOf(c) && event.data.clockIds.includes(c.clockId) ? resumeClock(c, mark) : c,
      );
      return { ...notPaused, supplement: null, clocks };
    }
    case 'SupplementRequested': {
      const { clockIds, until } = event.data;
      const clocks = state.clocks.map((c) => (clockIds.includes(c.clockId) ? pauseClock(c, mark) : c));
      return {
        ...notPaused,
        pausedSince: at,
        pauseReasonCode: 'AWAITING_MATERIALS',
        pausedClockIds: clockIds,
        supplement: { until, at },
        supplementsAsked: state.supplementsAsked + 1,
        clocks,
      };
    }
    case 'CaseClosedUnanswered': {
      const cleared = { ...notPaused, supplement: null, extensionAsked: null };
      const clocks = ended(state, mark);
      return { ...cleared, status: 'CLOSED', closedAt: at, dropped: true, clocks };
    }
    case 'ReminderSent':
      return { reminders: [...state.reminders, { at, by: when.actor.id }] };
    case 'CaseTagged':
      return { tags: [...state.tags, event.data.tag].sort((a, b) => (a < b ? -1 : 1)) };
    case 'CaseUntagged':
      return { tags: state.tags.filter((tag) => tag !== event.data.tag) };
    case 'NoteAdded':
      return {};
    case 'MessageSent': {
      if (event.data.direction === 'TO_TALENT') return { talentWroteAt: null, deskWroteAt: at };
      // Whom the clocks wait for has answered, in whatever way.
      const repliedAt = state.pausedSince === null ? null : (state.repliedAt ?? at);
      return { talentWroteAt: state.talentWroteAt ?? at, deskWroteAt: null, repliedAt };
    }
    case 'CaseArchived':
      return { status: 'ARCHIVED' };
    case 'RequesterReplied':
      return { repliedAt: state.repliedAt ?? at };
    case 'ExtensionRequested':
      return { extensionAsked: { workingDays: event.data.workingDays, reasonCode: event.data.reasonCode, at } };
    case 'ExtensionGranted': {
      const { workingDays, clockIds } = event.data;
      const clocks = state.clocks.map((c) => (clockIds.includes(c.clockId) ? extendClock(c, { ...mark, workingDays }) : c));
      return { extensionAsked: null, extensionsGranted: state.extensionsGranted + 1, clocks };
    }
    case 'ExtensionRefused':
      return { extensionAsked: null };
    case 'ResultSubmitted': {
      const clocks = ended(state, mark);
      const result = { submittedAt: at, outcome: event.data.outcome, handlers: handledBy(state, when), extensionAsked: null };
      return { ...result, status: 'SUBMITTED', clocks };
    }
    case 'ResultAccepted':
      return { status: 'RESULT_ACCEPTED', clocks: started(state, event.data.clocks ?? [], mark) };
    case 'ResultSentBack':
      return { status: 'SIGNED_FOR', submittedAt: null, outcome: null, clocks: sentBack(state, mark) };
    case 'CallbackRecorded': {
      const { reachability, resolved, satisfaction } = event.data;
      // The first attempt is in time or not; that nobody was reached is the requester's doing.
      const callbacks = [...state.callbacks, { at, reachability, resolved, satisfaction }];
      return { callbacks, clocks: stopped(state, ['callback'], mark) };
    }
    case 'CaseRated':
      return {
        rating: event.data.satisfaction,
        ratings: [...state.ratings, { ratingId: when.eventId, cycle: state.cycle, receipt: null }],
      };
    case 'RatingReceiptRecorded': {
      const { ratingId, externalRatingId, status } = event.data;
      const receipt = { externalRatingId, status, at };
      return { ratings: state.ratings.map((one) => (one.ratingId === ratingId ? { ...one, receipt } : one)) };
    }
    case 'RectificationOpened': {
      const { cycle, departmentId, clocks } = event.data;
      const clockId = clocks[0]?.clockId ?? null;
      const fresh = { cycle, departmentId, openedAt: at, clockId, submittedAt: null, measure: null, callbacks: [], ended: null };
      const running =
        departmentId === null ? { clocks: started(state, clocks, mark) } : judging(state, departmentId, clocks, mark);
      return { ...running, rectifications: [...state.rectifications, fresh] };
    }
    case 'RectificationSubmitted': {
      const { cycle, measure } = event.data;
      const clocks = stopped(state, ['rectification'], mark);
      return { ...rectified(state, cycle, () => ({ submittedAt: at, measure })), handlers: handledBy(state, when), clocks };
    }
    case 'RectificationCalledBack': {
      const { cycle, reachability, resolved, satisfaction } = event.data;
      const said = { at, reachability, resolved, satisfaction };
      return rectified(state, cycle, ({ callbacks }) => ({ callbacks: [...callbacks, said] }));
    }
    case 'RatingAppealed':
      return { appeal: { at, decidedAt: null, upheld: null } };
    case 'RatingAppealDismissed':
      return { appeal: state.appeal && { ...state.appeal, decidedAt: at, upheld: false } };
    case 'RatingAppealUpheld': {
      const { cycle } = event.data;
      const appeal = state.appeal && { ...state.appeal, decidedAt: at, upheld: true };
      const clocks = state.clocks.map((c) => (c.kind === 'rectification' && c.cycle === cycle ? voidClock(c, mark) : c));
      return { ...rectified(state, cycle, () => ({ ended: 'APPEAL_UPHELD' })), appeal, clocks };
    }
    case 'CaseClosed':
      return { status: 'CLOSED', closedAt: at };
    case 'CaseWithdrawn': {
      const cleared = { ...notPaused, supplement: null, returned: null, extensionAsked: null };
      return {
        ...cleared,
        status: 'WITHDRAWN',
        dropped: true,
        clocks: ended(state, mark),
      };
    }
    case 'CaseReopened':
      return reopened(state, event.data, mark);
    case 'BreachRecorded':
      return changeClock(state, event.data.clockId, (c) => recordBreach(c, { at: parseInstant(event.data.due) }));
    case 'BreachWithdrawn': {
      const judged = changeClock(state, event.data.clockId, (c) => (c.breachedAt === null ? c : withdrawBreach(c)));
      return { ...judged, excuses: excusesBut(state, event.data.clockId) };
    }
    case 'BreachExcused': {
      const { clockId, reasonCode, approvedBy } = event.data;
      return { excuses: [...excusesBut(state, clockId), { clockId, at, reasonCode, approvedBy }] };
    }
    case 'ExcuseWithdrawn':
      return { excuses: excusesBut(state, event.data.clockId) };
    case 'SupervisionRaised': {
      const { cycle, cause } = event.data;
      const fresh = { cycle, cause, raisedAt: at, workedOffAt: null, closedAt: null };
      return { supervisions: [...state.supervisions, fresh] };
    }
    case 'SupervisionWorkedOff':
      return supervised(state, event.data, { workedOffAt: at });
    case 'SupervisionClosed':
      return supervised(state, event.data, { closedAt: at, ...(event.data.withdrawn ? { withdrawn: true } : {}) });
  }
}

/** What helps nobody on. */
const IDLE: readonly CaseEvent['type'][] = ['NoteAdded', 'CaseTagged', 'CaseUntagged'];

/** Whoever gives the case away sets a new time or none; whatever the specialist or the department does ends the waiting. */
function takeBackAfter(next: CaseFacts, event: CaseEvent, { eventId, actor }: When, moved: boolean): CaseFacts['takeBack'] {
  if ('returnDue' in event.data && event.data.returnDue !== undefined)
    return { due: parseInstant(event.data.returnDue), cause: eventId };
  // Nor does what another department says.
  const helps = event.type === 'OpinionGiven' ? event.data.departmentId === next.departmentId : !IDLE.includes(event.type);
  const acted = (actor.role === 'specialist' || actor.role === 'department') && helps;
  const inHand = next.status === 'DISPATCHED' || next.status === 'SIGNED_FOR';
  return moved || acted || !inHand ? null : next.takeBack;
}

/** Lies with a department, whose clocks start. */
function dispatched(
  state: CaseFacts,
  { departmentId, clocks }: { readonly departmentId: string; readonly clocks: readonly ClockStarted[] },
  mark: Mark,
): Change {
  const opinions = clocks.filter(({ kind }) => kind === 'opinion').map(({ clockId }) => opinionOf(clockId, departmentId, false));
  return {
    ...judging(state, departmentId, clocks, mark),
    status: 'DISPATCHED',
    dispatchedAt: mark.at,
    opinions: [...state.opinions, ...opinions],
  };
}

/** Starts clocks that judge a department. */
function judging(state: CaseFacts, departmentId: string, clocks: readonly ClockStarted[], mark: Mark): Change {
  const judged = Object.fromEntries(clocks.map(({ clockId }) => [clockId, departmentId]));
  return {
    clocks: started(state, clocks, mark),
    clockDepartments: { ...state.clockDepartments, ...judged },
  };
}

/** The opinion of another department is waited for. */
function awaited(state: CaseFacts, departmentId: string, clocks: readonly ClockStarted[], mark: Mark): Change {
  const opinions = clocks.map(({ clockId }) => opinionOf(clockId, departmentId, true));
  return { ...judging(state, departmentId, clocks, mark), opinions: [...state.opinions, ...opinions] };
}

const opinionOf = (clockId: string, departmentId: string, asked: boolean) => ({ clockId, departmentId, asked, givenAt: null });

function reopened(state: CaseFacts, data: Extract<CaseEvent, { type: 'CaseReopened' }>['data'], mark: Mark): Change {
  const { acceptedAt, departmentId, contactedAt, submittedAt, outcome, callbacks, rating, appeal, closedAt, cycle } = state;
  const sealed = { cycle, acceptedAt, departmentId, contactedAt, submittedAt, outcome, callbacks, rating, appeal, closedAt };
  const clocks = stopped(state, ['callback', 'rectification'], mark).map((c) => sealClock(c));
  return {
    ...freshCycle,
    status: 'ACCEPTED',
    acceptedAt: mark.at,
    cycle: data.cycle,
    dispatchedAt: null,
    extensionsGranted: 0,
    returned: null,
    supplementsAsked: 0,
    dropped: false,
    direct: false,
    clocks: started({ ...state, clocks }, data.clocks, mark),
    // Handling it again takes the place of putting it right.
    rectifications: state.rectifications.map((one) =>
      one.submittedAt === null && one.ended === null ? { ...one, ended: 'REOPENED' } : one,
    ),
    sealedCycles: [...state.sealedCycles, sealed],
  };
}

/** Changes the rectification of a cycle, if there is one. */
function rectified(state: CaseFacts, cycle: number, change: (one: Rectification) => Partial<Rectification>): Change {
  const rectifications = state.rectifications.map((one) => (one.cycle === cycle ? { ...one, ...change(one) } : one));
  return { rectifications };
}

/** The one of that cycle and cause that stands. */
function supervised(
  state: CaseFacts,
  { cycle, cause }: Pick<Supervision, 'cycle' | 'cause'>,
  change: Partial<Supervision>,
): Change {
  const standing = state.supervisions.find((one) => one.cycle === cycle && one.cause === cause && one.closedAt === null);
  return { supervisions: state.supervisions.map((one) => (one === standing ? { ...one, ...change } : one)) };
}

const excusesBut = (state: CaseFacts, clockId: string) => state.excuses.filter((excuse) => excuse.clockId !== clockId);

const handledBy = (state: CaseFacts, { actor }: When): string[] =>
  state.handlers.includes(actor.id) ? [...state.handlers] : [...state.handlers, actor.id];
