import { isDeepStrictEqual } from 'node:util';
import { type Actor, canonicalJson, Refusal } from '@huicai/kernel';
import fc from 'fast-check';
import type { Past } from '../../kernel/spec-dsl.js';
import { officeDay } from '../calendar/facts.js';
import { foldChannels } from '../channels/facts.js';
import {
  at,
  COMMANDS,
  command,
  type Person,
  STRICT_POLICY,
  sealed,
  stories,
  stranger,
  TIME,
  timeUnder,
  told,
  who,
} from './case.fixture.js';
import { caseDecider, caseRules, possibleSteps } from './case.js';
import { dueOf } from './clocks.js';
import type { CaseCommand, CaseEvent } from './contract.js';
import { type CaseFacts, foldCase, isBadlyRated } from './facts.js';

const START = at('2026-09-29T08:00');
const MINUTE = 60_000;
const STRICT = timeUnder(STRICT_POLICY);
/** Cases nobody acts on go back after an hour. */
const CHANNELS = foldChannels(told(who.window, START).channels, {
  type: 'ReturnAfterSet',
  data: { departmentId: 'ybj', workingMinutes: 60, effectiveFrom: '2026-01-01' },
});
const OF_THE_SYSTEM = [
  'RecordBreach',
  'RaiseSupervision',
  'EndPause',
  'HandOverCase',
  'ReturnToQueue',
  'CloseUnanswered',
  'OpenRectification',
  'RecordRatingReceipt',
] as const;
const everybody: readonly Person[] = [...Object.values(who), ...Object.values(stranger)];

/** One attempt: which step, by whom, after how long; numbers are taken modulo what there is to choose from. */
const attempt = fc.record({
  legal: fc.boolean().chain((a) => fc.boolean().map((b) => a || b)),
  pick: fc.nat(),
  by: fc.nat(),
  after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 * MINUTE }), fc.integer({ min: 1, max: 6 * 24 * 60 * MINUTE })),
  workingDays: fc.integer({ min: 1, max: 12 }),
  strict: fc.boolean(),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer A> ? A : never;

/** Possible almost always: were they tried as often as the others, few stories would get far. */
const SIDE: readonly CaseCommand['type'][] = [
  'TagCase',
  'UntagCase',
  'AddNote',
  'SendMessage',
  'RemindCase',
  'SuperviseCase',
  'ReassignCase',
  'CorrectPause',
];
const ENDS: readonly CaseCommand['type'][] = [
  'DeclineCase',
  'WithdrawCase',
  'ReturnCase',
  'AnswerDirectly',
  'ArchiveCase',
  ...SIDE,
  'CorrectStepTime',
  'RecordLatePause',
  'CorrectResult',
];

/** Possible so late, and for so short a time, that few stories would come to them by chance. */
const REVIEW: readonly CaseCommand['type'][] = [
  'RateCase',
  'OpenRectification',
  'SubmitRectification',
  'CallBackRectification',
  'AppealRating',
  'UpholdAppeal',
  'DismissAppeal',
];

const pickFrom = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

function choose(tried: Attempt, state: CaseFacts | null, clock: number): [CaseCommand, Person] {
  const { legal, pick, by } = tried;
  const offered = [...possibleSteps(state), ...(state ? OF_THE_SYSTEM : [])];
  // Ends come seldom, else few stories would get far.
  const unopened = state && isBadlyRated(state) && !state.rectifications.some(({ cycle }) => cycle === state.cycle);
  const review = offered.filter((step) => REVIEW.includes(step) && (step !== 'OpenRectification' || unopened));
  const others = offered.filter((step) => !ENDS.includes(step) || pick % 16 === 0);
  const steps = review.length > 0 && pick % 3 !== 0 ? review : others;
  const step = pickFrom(legal && steps.length > 0 ? steps : COMMANDS, pick >> 4);
  if (step === 'GiveOpinion' && legal)
    return [command(step), pickFrom([who.department, who.specialist, stranger.department], by)];
  const roles = caseRules.find((row) => row.command === step)!.roles;
  const person = legal ? who[pickFrom(roles, by)] : pickFrom(everybody, by);
  return [fill(step, tried, state, clock), person];
}

function fill(step: CaseCommand['type'], { pick, workingDays }: Attempt, state: CaseFacts | null, now: number): CaseCommand {
  if (step === 'RequestExtension') return command(step, { workingDays });
  if (step === 'RegisterCase') return command(step, { urgency: pickFrom(['ENQUIRY', 'NORMAL', 'COMPLEX'] as const, pick) });
  if (step === 'RateCase') return command(step, { satisfaction: pickFrom([1, 2, 5] as const, pick) });
  if (step === 'RecordRatingReceipt' && state?.ratings[0])
    return command(step, { ratingId: state.ratings[0].ratingId, status: pickFrom(['RECEIVED', 'REJECTED'] as const, pick) });
  if (step === 'OpenRectification') return command(step, { cycle: pick % 4 === 0 ? 1 : (state?.cycle ?? 1) });
  if (step === 'RecordCallback' || step === 'CallBackRectification')
    return command(step, pickFrom([{}, { resolved: false }, { satisfaction: 1 }] as const, pick));
  if (state && (step === 'ExcuseBreach' || step === 'WithdrawExcuse')) {
    const clockIds = state.standingBreaches.length > 0 ? state.standingBreaches : ['total/1/1'];
    return command(step, { clockId: pickFrom(clockIds, workingDays) });
  }
  if (step === 'AcceptCase' && pick % 3 === 0)
    return command(step, {
      deferred: { materials: sealed('materials'), until: officeDay(now + (workingDays - 1) * 24 * 60 * MINUTE) },
    });
  if (step === 'PauseClock')
    return command(step, {
      ...pickFrom([{}, { maxWorkingDays: workingDays }], pick),
      ...pickFrom([{}, { reasonCode: 'THIRD_PARTY' }], pick >> 1),
    });
  if (step === 'EndPause') return command(step, { endsAt: new Date(state?.pauseEndsAt ?? 0).toISOString() });
  if (step === 'RaiseSupervision')
    return command(step, { cycle: 1 + (pick % (state?.cycle ?? 1)), ...pickFrom([{}, { overdue: true }] as const, workingDays) });
  if (step === 'ReassignCase') return command(step, { departmentId: pickFrom(['ybj', 'rsj', 'jtj'], workingDays) });
  if (step === 'RequestSupplement') {
    const until = new Date(now + workingDays * 24 * 60 * MINUTE).toISOString().slice(0, 10);
    return command(step, { until, ...pickFrom([{}, { reason: sealed('reason') }], pick) });
  }
  if (step === 'CloseUnanswered') return command(step, { until: state?.supplement?.until ?? '2026-10-20' });
  if (step === 'HandOverCase')
    return command(step, pickFrom([{}, { fromSpecialistId: 'specialist-2', toSpecialistId: 'specialist-1' }], pick));
  if (step === 'ReturnToQueue') {
    const due = new Date(state?.takeBack?.due ?? 0).toISOString();
    return command(step, { specialistId: state?.specialistId ?? 'specialist-1', due });
  }
  if (state && isCorrecting(step)) return correction(step, pick, workingDays, state, now);
  if (step !== 'RecordBreach' || !state || state.clocks.length === 0) return command(step);
  const clock = pickFrom(state.clocks, pick);
  const due = dueOf(clock, TIME);
  return command(step, { clockId: clock.clockId, due: new Date(due ?? 0).toISOString() });
}

const CORRECTING = ['CorrectStepTime', 'CorrectPause', 'RecordLatePause', 'CorrectResult', 'CorrectCallback'] as const;
const isCorrecting = (step: string): step is (typeof CORRECTING)[number] => CORRECTING.some((one) => one === step);

/** Something put right around what is on record, now and then absurdly. */
function correction(step: (typeof CORRECTING)[number], pick: number, n: number, state: CaseFacts, now: number): CaseCommand {
  const pauses = state.clocks.flatMap((clock) => clock.pauses);
  const from = new Date((state.acceptedAt ?? now) + (pick % 50) * 60 * MINUTE).toISOString();
  const to = new Date(now - (pick % 7) * 30 * MINUTE).toISOString();
  if (step === 'CorrectStepTime')
    return command(step, { step: pickFrom(['ACCEPTED', 'SIGNED_FOR', 'CONTACTED', 'SUBMITTED'] as const, n) });
  if (step === 'CorrectPause') {
    const pauseId = pauses.length > 0 ? (pickFrom(pauses, pick).cause ?? 'none') : 'none';
    return command(step, {
      pauseId,
      ...pickFrom([{ voided: true }, { voided: false, from }, { voided: false, to }] as const, n),
    });
  }
  if (step === 'RecordLatePause') return command(step, { from, to });
  if (step === 'CorrectCallback') return command(step, { n: 1 + (n % 2) });
  return command(step);
}

/** When it really happened: some time between the registration and now. */
const occurred = (pick: number, state: CaseFacts, now: number): number =>
  state.registeredAt + (pick % 997) * Math.floor(Math.max(0, now - state.registeredAt) / 997);

interface Lived {
  readonly past: readonly Required<Past<CaseEvent>>[];
  readonly state: CaseFacts | null;
  readonly seen: ReadonlySet<string>;
}

const evolve = (state: CaseFacts | null, { event, at: when, actor }: Required<Past<CaseEvent>>, index: number) =>
  foldCase(state, event, { occurredAt: when, actor, eventId: `event-${index}` });

/** Lives through the attempts. Anything a rule throws but a refusal, and anything a fold throws, comes out of here. */
function live(attempts: readonly Attempt[], skewOf: (index: number) => number = () => 0): Lived {
  const past: Required<Past<CaseEvent>>[] = [];
  const seen = new Set<string>();
  let state: CaseFacts | null = null;
  let clock = START;
  attempts.forEach((tried, index) => {
    clock += tried.after;
    const [asked, by] = choose(tried, state, clock);
    const isTimer = asked.type === 'RecordBreach' || asked.type === 'ReturnToQueue';
    const isSystem = OF_THE_SYSTEM.some((type) => type === asked.type);
    const due = isTimer ? Date.parse(asked.data.due) : 0;
    if (isTimer && due >= clock) return;
    const recordedAt = clock + skewOf(index);
    const late = asked.type === 'CorrectStepTime' && state ? occurred(tried.pick, state, recordedAt) : recordedAt;
    const now = isTimer ? due : late;
    const isOffered = possibleSteps(state).includes(asked.type);
    let decided: readonly CaseEvent[];
    try {
      decided = caseDecider.decide(
        asked,
        state,
        told(by, now, { channels: CHANNELS, recordedAt, time: tried.strict ? STRICT : TIME }),
      );
      if (!isSystem && !isOffered) throw new Error(`${asked.type} was accepted, but not offered`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (['illegal-step', 'case-not-found'].includes(error.code) && isOffered) throw new Error(`${asked.type} was offered`);
      seen.add(error.code);
      return;
    }
    for (const event of decided) {
      seen.add(event.type);
      canonicalJson(event.data);
      past.push({ event, at: now, actor: by.actor as Actor });
      state = evolve(state, past.at(-1)!, past.length - 1);
      if (!isDeepStrictEqual(JSON.parse(JSON.stringify(state)), state)) throw new Error(`Not plain JSON after ${event.type}`);
    }
  });
  return { past, state, seen };
}

/** Of 5 to 60 steps each, more than 100,000 steps together; ten times as many in the long run. */
const WALKS = process.env.HUICAI_SOAK === '1' ? 40_000 : 4_000;

describe('whatever people try, in whatever order', () => {
  it('folds and rules never fail, a refusal is a refusal, the state is plain JSON and a replay gives it again', () => {
    let steps = 0;
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 5, maxLength: 60, size: 'max' }), (attempts) => {
        steps += attempts.length;
        const { past, state } = live(attempts);
        const replayed: CaseFacts | null = JSON.parse(JSON.stringify(past)).reduce(evolve, null);
        expect(isDeepStrictEqual(replayed, state)).toBe(true);
        possibleSteps(state);
      }),
      { numRuns: WALKS },
    );
    expect(steps).toBeGreaterThan(WALKS * 25);
  }, 180_000);

  it('keeps the books of the clocks', () => {
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 20, maxLength: 60, size: 'max' }), (attempts) => {
        const { state } = live(attempts);
        if (!state) return;
        const ids = state.clocks.map((clock) => clock.clockId);
        expect(new Set(ids).size).toBe(ids.length);
        expect(state.clocks.filter((clock) => clock.cycle < state.cycle).every((clock) => clock.sealed)).toBe(true);
        const running = state.clocks.filter((clock) => clock.stoppedAt === null).map((clock) => clock.kind);
        // Several departments can be asked at a time, each once.
        const single = running.filter((kind) => kind !== 'opinion');
        expect(new Set(single).size).toBe(single.length);
        const asked = state.clocks.filter(({ kind, stoppedAt }) => kind === 'opinion' && stoppedAt === null);
        expect(new Set(asked.map(({ clockId }) => state.clockDepartments[clockId])).size).toBe(asked.length);
        if (['SUBMITTED', 'RESULT_ACCEPTED', 'CLOSED', 'WITHDRAWN', 'DECLINED', 'REGISTERED', 'ARCHIVED'].includes(state.status))
          expect(running).toEqual([]);
        else expect(running).toContain('total');
        expect(state.standingBreaches).toEqual(state.clocks.filter((c) => c.breachedAt !== null).map((c) => c.clockId));
        const excused = state.excuses.map(({ clockId }) => clockId);
        expect(new Set(excused).size).toBe(excused.length);
        expect(state.standingBreaches).toEqual(expect.arrayContaining(excused));
        if (state.pausedSince === null)
          expect([state.pauseEndsAt, state.repliedAt, state.pausedClockIds]).toEqual([null, null, []]);
        if (state.takeBack)
          expect([state.specialistId, ['DISPATCHED', 'SIGNED_FOR'].includes(state.status)]).toEqual([expect.any(String), true]);
        const supervised = state.supervisions.map(({ cycle }) => cycle);
        const standing = state.supervisions
          .filter(({ closedAt }) => closedAt === null)
          .map(({ cycle, cause }) => `${cycle} ${cause}`);
        expect(new Set(standing).size).toBe(standing.length);
        if (state.supplement) expect([state.status, state.pausedSince]).toEqual(['SIGNED_FOR', state.supplement.at]);
        if (state.returned) expect([state.status, state.departmentId]).toEqual(['ACCEPTED', null]);
        if (['DISPATCHED', 'SIGNED_FOR', 'SUBMITTED'].includes(state.status))
          expect(state.departmentId).toEqual(expect.any(String));
        if (state.departmentId !== null) expect(state.coDepartmentIds).not.toContain(state.departmentId);
        if (state.acceptedAt === null)
          expect([state.departmentId, state.contactedAt, state.submittedAt]).toEqual([null, null, null]);
        expect(state.returnedBy).toHaveLength(state.returns);
        const rectified = state.rectifications.map(({ cycle }) => cycle);
        expect(new Set(rectified).size).toBe(rectified.length);
        for (const { cycle, ended, submittedAt } of state.rectifications)
          if (cycle < state.cycle) expect(ended !== null || submittedAt !== null).toBe(true);
        if (state.appeal) expect(state.rating).toBeLessThanOrEqual(2);
        expect(supervised.every((cycle) => cycle <= state.cycle)).toBe(true);
        expect(state.sealedCycles.map(({ cycle }) => cycle)).toEqual(Array.from({ length: state.cycle - 1 }, (_, i) => i + 1));
      }),
      { numRuns: WALKS / 4 },
    );
  }, 180_000);

  it('reaches every event there is, so that the laws above speak of all of them', () => {
    const seen = new Set(
      fc
        .sample(fc.array(attempt, { minLength: 40, maxLength: 60, size: 'max' }), { numRuns: 900, seed: 1 })
        .flatMap((attempts) => [...live(attempts).seen]),
    );
    const events: CaseEvent['type'][] = [
      'CaseRegistered',
      'CaseAccepted',
      'CaseDeclined',
      'CaseDispatched',
      'CaseSignedFor',
      'CaseReturned',
      'CaseTaken',
      'CaseAssigned',
      'CaseHandedOver',
      'CaseReturnedToQueue',
      'RequesterContacted',
      'ClockPaused',
      'ClockResumed',
      'RequesterReplied',
      'ExtensionRequested',
      'ExtensionGranted',
      'ExtensionRefused',
      'ResultSubmitted',
      'ResultAccepted',
      'ResultSentBack',
      'CallbackRecorded',
      'CaseRated',
      'CaseClosed',
      'CaseWithdrawn',
      'CaseReopened',
      'BreachRecorded',
      'BreachWithdrawn',
      'BreachExcused',
      'ExcuseWithdrawn',
      'SupervisionRaised',
      'CaseAnsweredDirectly',
      'ReturnRefused',
      'CaseReassigned',
      'OpinionRequested',
      'OpinionGiven',
      'SupplementRequested',
      'SupplementReceived',
      'CaseClosedUnanswered',
      'ReminderSent',
      'CaseTagged',
      'CaseUntagged',
      'NoteAdded',
      'MessageSent',
      'CaseArchived',
      'SupervisionWorkedOff',
      'SupervisionClosed',
      'DeferredMaterialsReceived',
      'PauseRequested',
      'PauseRefused',
      'ResultProposed',
      'ProposalSentBack',
      'StepTimeCorrected',
      'PauseCorrected',
      'PauseRecordedLate',
      'ResultCorrected',
      'CallbackCorrected',
      'RatingReceiptRecorded',
      'RectificationOpened',
      'RectificationSubmitted',
      'RectificationCalledBack',
      'RatingAppealed',
      'RatingAppealUpheld',
      'RatingAppealDismissed',
    ];
    expect(events.filter((type) => !seen.has(type))).toEqual([]);
  });

  // Two processes never have quite the same time, and a command that waited for its turn was stamped before it.
  it('can still be folded when the clocks of two processes differ by a little', () => {
    const skew = fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 10, maxLength: 60, size: 'max' }), skew, (attempts, skews) => {
        live(attempts, (index) => skews[index]!);
      }),
      { numRuns: 400 },
    );
  });

  it('starts from stories that hold the same laws', () => {
    for (const story of Object.values(stories)) expect(JSON.parse(JSON.stringify(story.state))).toStrictEqual(story.state);
  });
});
