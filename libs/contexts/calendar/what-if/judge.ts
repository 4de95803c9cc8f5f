import {
  type ClockState,
  type CompiledCalendar,
  deriveDue,
  dueInputOf,
  type Instant,
  type Limit,
  type Pause,
  WorkingTimeError,
} from '@huicai/working-time';
import type { CaseFacts } from '../../cases/facts.js';
import type { PolicyLimit, PolicyRule } from '../contract.js';
import { calendarOf, clockUnder, isAbout, limitFrom, type Matter, type PromisedClock, type TimeReference } from '../facts.js';

/** Limits put in place of those the clocks had; what is left out stays. */
export interface OtherLimits {
  readonly signFor?: PolicyLimit | undefined;
  readonly firstContact?: PolicyLimit | undefined;
  readonly opinion?: PolicyLimit | undefined;
  readonly callback?: PolicyLimit | undefined;
  readonly rectification?: PolicyLimit | undefined;
  /** The first that is about a case decides; a case none is about keeps its limits. */
  readonly rules?: readonly PolicyRule[] | undefined;
}

/** AS_RECORDED; NONE: time goes on in every pause; CAPPED: in each pause, from the close of its nth working day on. */
export type PauseRule = { readonly rule: 'AS_RECORDED' | 'NONE' } | { readonly rule: 'CAPPED'; readonly maxWorkingDays: number };

/** Another world: each part that is left out is as it was. */
export interface Supposition {
  readonly limits?: OtherLimits | undefined;
  readonly calendar?: CompiledCalendar | undefined;
  readonly pauses?: PauseRule | undefined;
}

/** A clock of a case in one world. */
export interface Judgement {
  /** Null without a limit, while paused, and where it lies outside all calendars. */
  readonly due: Instant | null;
  readonly breached: boolean;
}

/** The limit a clock would have had. A case whose talent is not known any more has no category, and only rules for all are about it. */
export function limitSupposed(clock: ClockState, matter: Matter, limits: OtherLimits): Limit {
  const rule = limits.rules?.find((each) => isAbout(each, matter));
  const own = rule?.limits[clock.kind as keyof PolicyRule['limits']];
  if (own) return limitFrom(own, clock.startedAt);
  const other =
    clock.kind === 'total' || clock.kind === 'handling'
      ? rule?.limits.handling
      : limits[clock.kind as Exclude<keyof OtherLimits, 'rules'>];
  return other ? limitFrom(other, clock.startedAt) : clock.limit;
}

/** The pauses a clock would have had. @throws WorkingTimeError OUTSIDE_COVERED_YEARS */
export function pausesSupposed(pauses: readonly Pause[], rule: PauseRule, calendar: CompiledCalendar): readonly Pause[] {
  if (rule.rule === 'NONE') return [];
  if (rule.rule !== 'CAPPED') return pauses;
  return pauses.map(({ from, to }) => {
    const { due } = deriveDue({ start: from, limit: { kind: 'workingDays', days: rule.maxWorkingDays }, calendar });
    return { from, to: to === null ? due : Math.min(to, due!) };
  });
}

/** A clock as it was judged and as it would be. @param now epoch milliseconds: clocks that run are judged as of then */
export function judgeClock(
  promised: PromisedClock,
  { itemCode, urgency }: CaseFacts,
  category: Matter['category'],
  time: TimeReference,
  supposed: Supposition,
  now: Instant,
): { readonly before: Judgement; readonly after: Judgement } {
  const clock = clockUnder(promised, time);
  const was = calendarOf(clock, time.calendar);
  const input = dueInputOf(clock, was);
  const judge = (make: () => Instant | null): Judgement => {
    const due = dueOrNull(make);
    return { due, breached: due !== null && (clock.stoppedAt ?? now) > due };
  };
  const matter = { itemCode, urgency, category };
  return {
    before: judge(() => deriveDue(input).due),
    after: judge(() => {
      const calendar = supposed.calendar ?? was;
      const limit = supposed.limits ? limitSupposed(clock, matter, supposed.limits) : clock.limit;
      const pauses = supposed.pauses ? pausesSupposed(input.pauses, supposed.pauses, calendar) : input.pauses;
      return deriveDue({ ...input, calendar, limit, pauses }).due;
    }),
  };
}

/** What no calendar reaches is not judged. */
export function dueOrNull(make: () => Instant | null): Instant | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof WorkingTimeError && error.code === 'OUTSIDE_COVERED_YEARS') return null;
    throw error;
  }
}
