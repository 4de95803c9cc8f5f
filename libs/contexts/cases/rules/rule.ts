import { type BaseFacts, forbidden, illegal, notFound, type Role } from '@huicai/kernel';
import type { TimeReference } from '../../calendar/facts.js';
import type { CatalogueFacts } from '../../catalogue/facts.js';
import type { ChannelFacts } from '../../channels/facts.js';
import type { TalentCategory } from '../../talents/contract.js';
import type { Candidate } from '../assignment.js';
import type { CaseCommand, CaseEvent } from '../contract.js';
import type { CaseFacts, CaseStatus } from '../state.js';

/** What a case's rules are told. All of it is folded from the streams it belongs to, so it is binding. */
export interface CaseRuleFacts extends BaseFacts {
  /** The caller's own affiliations; null where the caller has none. */
  readonly caller: {
    readonly talentId: string | null;
    readonly departmentId: string | null;
    readonly specialistId: string | null;
    readonly employerId: string | null;
  };
  readonly time: TimeReference;
  readonly catalogue: CatalogueFacts;
  readonly channels: ChannelFacts;
  /** Specialists of the case's department, or the caller alone. */
  readonly candidates: readonly Candidate[];
  readonly talentKnown: boolean;
  /** The talent's employer of record today, where it is an employer that asks. */
  readonly talentEmployerId: string | null;
  /** Of the case's talent as corrected so far; limits may depend on it. */
  readonly category: TalentCategory;
  /** Number for a case that is being registered. */
  readonly number: string | null;
}

/**
 * Facts a rule may ask for beyond the caller; each costs a look at another stream, but for the time as promised: calendar and policy
 * as this process knows them, with at least the versions its clocks started under. That is for steps a timer fires, which is fired by
 * what this process knows and once more when it knew too little.
 */
export type CaseNeed = 'time' | 'time-as-promised' | 'catalogue' | 'channels' | 'category' | 'specialists' | 'own-work';

type DataOf<T extends CaseCommand['type']> = Extract<CaseCommand, { type: T }>['data'];

/** What must hold of a case besides its status, with words for the table in the documents. */
export interface Condition {
  (state: CaseFacts): boolean;
  readonly says: string;
}

export const provided = (says: string, holds: (state: CaseFacts) => boolean): Condition =>
  Object.assign((state: CaseFacts) => holds(state), { says });

/** One row of the rule table: who may take which step from where, and what it decides. */
export interface Rule<T extends CaseCommand['type'] = CaseCommand['type']> {
  readonly command: T;
  /** Statuses the step is legal in; NEW is a case that does not exist yet. */
  readonly from: readonly (CaseStatus | 'NEW')[];
  readonly roles: readonly Role[];
  /** Open to every specialist of the department, whoever has the case in hand. */
  readonly wholeDepartment?: true;
  /** Open to co-departments too, and possible for one of them where this holds. */
  readonly coDepartments?: (state: CaseFacts, departmentId: string) => boolean;
  /** Facts the decision uses; others are not loaded, and reading one that is not named here is an error. */
  readonly needs?: readonly CaseNeed[];
  /** What else must hold of the case itself. */
  readonly when?: Condition;
  readonly decide: (data: DataOf<T>, state: CaseFacts, facts: CaseRuleFacts) => CaseEvent[];
}

export const rule = <T extends CaseCommand['type']>(row: Rule<T>): Rule<T> => row;

/** Rows as they stand in one table, whatever their commands. */
export type AnyRule = { [T in CaseCommand['type']]: Rule<T> }[CaseCommand['type']];

/** Refuses a caller the case is none of the business of: another talent, another employer, another department, another specialist's case. */
export function checkOwnership(
  state: CaseFacts,
  facts: CaseRuleFacts,
  { wholeDepartment, coDepartments }: Pick<Rule, 'wholeDepartment' | 'coDepartments'> = {},
): void {
  const { caller, actor } = facts;
  const departments = [state.departmentId, ...(coDepartments ? state.coDepartmentIds : [])];
  const foreign =
    (actor.role === 'talent' && caller.talentId !== state.talentId) ||
    (actor.role === 'employer' && !ownsAsEmployer(state, facts)) ||
    (actor.role === 'department' && (caller.departmentId === null || !departments.includes(caller.departmentId))) ||
    (actor.role === 'specialist' && !ownsAsSpecialist(state, caller, wholeDepartment));
  if (foreign) throw forbidden('not-yours');
}

/** What it registered for somebody who is its own to this day (单位代办). */
function ownsAsEmployer({ employerId }: CaseFacts, { caller, talentEmployerId }: CaseRuleFacts): boolean {
  return caller.employerId !== null && caller.employerId === employerId && caller.employerId === talentEmployerId;
}

function ownsAsSpecialist(state: CaseFacts, caller: CaseRuleFacts['caller'], wholeDepartment?: true): boolean {
  if (caller.specialistId === null) return false;
  if (state.specialistId !== null && !wholeDepartment) return state.specialistId === caller.specialistId;
  return caller.departmentId !== null && caller.departmentId === state.departmentId;
}

export function refuseStep(state: CaseFacts | null, possible: readonly string[]): never {
  if (!state) throw notFound('case-not-found');
  throw illegal('illegal-step', { params: { status: state.status }, extra: { status: state.status, possible } });
}
