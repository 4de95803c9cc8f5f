import { OFFICE_ZONE, officeDay } from '../calendar/facts.js';
import { leaveOn, type SpecialistFacts, standInFor } from '../specialists/facts.js';
import { isWithinHours } from '../weekly-hours.js';
import type { AssignmentMode, AssignmentVerdict, Considered } from './contract.js';

export const ASSIGNMENT_MODES = [
  'MANUAL',
  'ROUND_ROBIN',
  'LEAST_LOADED',
  'SKILL_MATCHED',
] as const satisfies readonly AssignmentMode[];

/** A specialist who might have the case. What they have in hand comes from read models and advises; the rest binds. */
export interface Candidate {
  readonly specialistId: string;
  readonly facts: SpecialistFacts;
  /** Open matters in hand. */
  readonly open: number;
  /** The same, each weighted by how little time is left for it; see {@link LOAD_WEIGHTS}. */
  readonly load: number;
  /** When they were last given a matter, or took one; epoch milliseconds, null when never. */
  readonly lastAssignedAt: number | null;
}

/** What an open matter weighs by its light, which says how much of its time is left. */
export const LOAD_WEIGHTS = { overdue: 4, yellow: 2, other: 1 } as const;

export interface AssignmentAsked {
  readonly mode: AssignmentMode;
  /** Whom a person named; null in every other mode. */
  readonly specialistId: string | null;
  readonly itemCode: string;
  /** Area the matter is of; null when nobody said. */
  readonly area: string | null;
}

export interface AssignmentChoice {
  /** null when nobody can have it. */
  readonly specialistId: string | null;
  /** Everybody who was looked at, in the order in which they came into question. */
  readonly considered: readonly Considered[];
}

export const hasRoom = ({ open, facts }: Pick<Candidate, 'open' | 'facts'>): boolean =>
  facts.capacity === null || open < facts.capacity;

/**
 * Who gets a case. Never somebody who is absent or has no room; a person named who is absent is stood in for by their deputy, and in
 * every other mode the next one comes. Those at work at this hour come before those who are not. The same question always has the same answer,
 * in whatever order the candidates are told.
 *
 * @param now epoch milliseconds
 */
export function chooseSpecialist(asked: AssignmentAsked, candidates: readonly Candidate[], now: number): AssignmentChoice {
  const day = officeDay(now);
  const { mode } = asked;
  return mode === 'MANUAL' ? named(asked, candidates, day) : inOrder({ ...asked, mode }, candidates, day, now);
}

function named({ specialistId }: AssignmentAsked, candidates: readonly Candidate[], day: string): AssignmentChoice {
  const find = (id: string) => candidates.find((one) => one.specialistId === id);
  const wanted = specialistId === null ? undefined : find(specialistId);
  if (!wanted) return { specialistId: null, considered: [] };
  const standIn = standInFor(wanted.specialistId, day, (id) => find(id)?.facts);
  const got = standIn === null ? undefined : find(standIn);
  const absent = got === wanted ? [] : [told(wanted, 'ABSENT')];
  if (!got) return { specialistId: null, considered: absent };
  if (!hasRoom(got)) return { specialistId: null, considered: [...absent, told(got, 'AT_CAPACITY')] };
  return { specialistId: got.specialistId, considered: [...absent, told(got, 'CHOSEN')] };
}

function inOrder(asked: AskedInOrder, candidates: readonly Candidate[], day: string, now: number): AssignmentChoice {
  const ordered = [...candidates].sort((a, b) => ORDERS[asked.mode](a, b) || byId(a, b));
  const judged = ordered.map((one) => ({ one, verdict: hindrance(asked, one, day) }));
  const able = judged.filter(({ verdict }) => verdict === null).map(({ one }) => one);
  const atWork = able.filter(({ facts }) => facts.hours === null || isWithinHours(facts.hours, now, OFFICE_ZONE));
  const chosen = atWork[0] ?? able[0];
  const verdictOf = (one: Candidate, hindered: AssignmentVerdict | null): AssignmentVerdict => {
    if (hindered) return hindered;
    if (one === chosen) return 'CHOSEN';
    return atWork.length > 0 && !atWork.includes(one) ? 'OFF_HOURS' : 'BEHIND';
  };
  return {
    specialistId: chosen?.specialistId ?? null,
    considered: judged.map(({ one, verdict }) => told(one, verdictOf(one, verdict))),
  };
}

/** What keeps a candidate from having the case at all. */
function hindrance({ mode, itemCode, area }: AssignmentAsked, one: Candidate, day: string): AssignmentVerdict | null {
  const { facts } = one;
  if (leaveOn(facts, day)) return 'ABSENT';
  if (mode === 'SKILL_MATCHED') {
    if (!facts.itemCodes.includes(itemCode)) return 'NOT_SKILLED';
    if (area !== null && facts.areas.length > 0 && !facts.areas.includes(area)) return 'OTHER_AREA';
  }
  return hasRoom(one) ? null : 'AT_CAPACITY';
}

type ModeInOrder = Exclude<AssignmentMode, 'MANUAL'>;
type AskedInOrder = AssignmentAsked & { readonly mode: ModeInOrder };
type Order = (a: Candidate, b: Candidate) => number;

const byId: Order = (a, b) => (a.specialistId < b.specialistId ? -1 : a.specialistId > b.specialistId ? 1 : 0);
/** Whoever has waited longest for a matter has their turn. */
const byTurn: Order = (a, b) =>
  (a.lastAssignedAt ?? Number.NEGATIVE_INFINITY) - (b.lastAssignedAt ?? Number.NEGATIVE_INFINITY) || 0;
const byLoad: Order = (a, b) => a.load - b.load || a.open - b.open || byTurn(a, b);

const ORDERS: Readonly<Record<ModeInOrder, Order>> = {
  ROUND_ROBIN: byTurn,
  LEAST_LOADED: byLoad,
  SKILL_MATCHED: byLoad,
};

const told = ({ specialistId, open, load }: Candidate, verdict: AssignmentVerdict): Considered => ({
  specialistId,
  verdict,
  open,
  load,
});
