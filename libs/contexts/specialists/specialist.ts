import { type BaseFacts, canonicalJson, type Decider, forbidden, illegal, invalid, notFound } from '@huicai/kernel';
import { checkDay, officeDay } from '../calendar/facts.js';
import { type CatalogueFacts, catalogueInForce, itemOf } from '../catalogue/facts.js';
import { checkWeeklyHours } from '../weekly-hours.js';
import type { AssignmentCommand, AssignmentEvent, SpecialistCommand, SpecialistEvent } from './contract.js';
import { type AssignmentFacts, foldAssignment, foldSpecialist, leaveWithin, type SpecialistFacts, unassigned } from './facts.js';

export interface SpecialistRuleFacts extends BaseFacts {
  readonly departmentKnown: boolean;
  readonly catalogue: CatalogueFacts;
  /** Who sends the command, when it is a specialist. */
  readonly callerSpecialistId: string | null;
  /** Whose stream it is. */
  readonly specialistId: string;
  /** The deputy a leave names; null when there is no such specialist. */
  readonly deputy: SpecialistFacts | null;
  /** Leaves of others in which this one stands in, as far as the read models know: advisory, for a deputy who then goes away too. */
  readonly standsIn: readonly { readonly from: string; readonly to: string }[];
}

/** Longest leave, days. */
export const MOST_LEAVE_DAYS = 366;
export const MOST_OPEN_MATTERS = 1_000;

/** A named specialist (专员) of a department: what they know, how much they take, when they are there (domain.md section 1.6). */
export const specialist: Decider<SpecialistCommand, SpecialistEvent, SpecialistFacts | null, SpecialistRuleFacts> = {
  aggregate: 'specialist',
  initialState: () => null,
  evolve: foldSpecialist,
  decide: (command, state, facts) => {
    if (command.type === 'EnrolSpecialist') {
      if (state) throw illegal('specialist-enrolled');
      if (!facts.departmentKnown) throw invalid('department-not-found', 'departmentId', { id: command.data.departmentId });
      return [{ type: 'SpecialistEnrolled', data: command.data }];
    }
    if (!state) throw notFound('specialist-not-found');
    switch (command.type) {
      case 'SetSkills': {
        const { itemCodes, areas } = command.data;
        checkSkills(command.data, facts);
        const same = alike([itemCodes, areas], [state.itemCodes, state.areas]);
        return same ? [] : [{ type: 'SpecialistSkillsSet', data: { itemCodes, areas } }];
      }
      case 'SetCapacity': {
        const { openMatters } = command.data;
        if (openMatters !== null && !(Number.isSafeInteger(openMatters) && openMatters >= 0 && openMatters <= MOST_OPEN_MATTERS))
          throw invalid('out-of-range', 'openMatters', { min: 0, max: MOST_OPEN_MATTERS });
        return openMatters === state.capacity ? [] : [{ type: 'SpecialistCapacitySet', data: { openMatters } }];
      }
      case 'SetWorkingHours': {
        const { weekly } = command.data;
        if (weekly) checkWeeklyHours(weekly, 'weekly');
        return alike(weekly, state.hours) ? [] : [{ type: 'SpecialistHoursSet', data: { weekly } }];
      }
      case 'PlanLeave':
        checkOwn(facts);
        checkLeave(command.data, state, facts);
        return [{ type: 'LeavePlanned', data: command.data }];
      case 'CancelLeave': {
        checkOwn(facts);
        const leave = state.leaves.find(({ leaveId }) => leaveId === command.data.leaveId);
        if (!leave) throw notFound('leave-not-found');
        const on = officeDay(facts.now);
        if (leave.to < on) throw illegal('leave-over', { params: { to: leave.to } });
        return [{ type: 'LeaveCancelled', data: { leaveId: leave.leaveId, on } }];
      }
    }
  },
};

const alike = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

function checkSkills(
  { itemCodes, areas }: { itemCodes: readonly string[]; areas: readonly string[] },
  facts: SpecialistRuleFacts,
) {
  const version = catalogueInForce(facts.catalogue, officeDay(facts.now));
  itemCodes.forEach((code, i) => {
    if (!version || !itemOf(version, code)) throw invalid('item-not-offered', `itemCodes[${i}]`, { code });
    if (itemCodes.indexOf(code) < i) throw invalid('entry-repeated', `itemCodes[${i}]`, { code });
  });
  areas.forEach((code, i) => {
    if (areas.indexOf(code) < i) throw invalid('entry-repeated', `areas[${i}]`, { code });
  });
}

/** Specialists plan their own leave; whoever else may is said by the edge. */
function checkOwn({ actor, callerSpecialistId, specialistId }: SpecialistRuleFacts): void {
  if (actor.role === 'specialist' && callerSpecialistId !== specialistId) throw forbidden('not-yours');
}

type Planned = Extract<SpecialistCommand, { type: 'PlanLeave' }>['data'];

function checkLeave({ from, to, deputyId }: Planned, state: SpecialistFacts, facts: SpecialistRuleFacts): void {
  checkDay(from, 'from');
  checkDay(to, 'to');
  if (to < from) throw invalid('period-reversed', 'from');
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  if (days > MOST_LEAVE_DAYS) throw invalid('leave-too-long', 'to', { max: MOST_LEAVE_DAYS });
  // Sickness is told on the day itself; what is over can not be planned any more.
  if (from < officeDay(facts.now)) throw invalid('leave-in-the-past', 'from');
  const other = leaveWithin(state, from, to);
  if (other) throw invalid('leave-overlaps', 'from', { from: other.from, to: other.to });
  if (deputyId === facts.specialistId) throw invalid('deputy-is-self', 'deputyId');
  const { deputy } = facts;
  if (!deputy) throw invalid('specialist-not-found', 'deputyId');
  if (deputy.departmentId !== state.departmentId) throw invalid('deputy-of-other-department', 'deputyId');
  const away = leaveWithin(deputy, from, to);
  if (away) throw invalid('deputy-on-leave', 'deputyId', { from: away.from, to: away.to });
  const duty = facts.standsIn.find((one) => one.from <= to && from <= one.to);
  if (duty) throw invalid('leave-while-deputy', 'from', { from: duty.from, to: duty.to });
}

export interface AssignFacts extends BaseFacts {
  readonly talentKnown: boolean;
  readonly specialistKnown: boolean;
}

/** Which specialist a talent turns to: exactly one at a time, every change with its reason (domain.md section 1.6). */
export const assignment: Decider<AssignmentCommand, AssignmentEvent, AssignmentFacts, AssignFacts> = {
  aggregate: 'specialistAssignment',
  initialState: () => unassigned,
  evolve: foldAssignment,
  decide: (command, state, facts) => {
    if (!facts.talentKnown) throw notFound('talent-not-found');
    switch (command.type) {
      case 'AssignPrimarySpecialist':
        if (!facts.specialistKnown) throw invalid('specialist-not-found', 'specialistId');
        if (state.specialistId !== null) throw illegal('talent-has-specialist');
        return [{ type: 'PrimarySpecialistAssigned', data: command.data }];
      case 'PassTalentOn': {
        // Meanwhile with somebody else: nothing of this hand-over any more.
        if (state.specialistId !== command.data.fromSpecialistId) return [];
        return [{ type: 'TalentPassedOn', data: command.data }];
      }
      case 'HandOverTalent': {
        const { talentId, toSpecialistId, reason } = command.data;
        if (!facts.specialistKnown) throw invalid('specialist-not-found', 'toSpecialistId');
        if (state.specialistId === null) throw illegal('talent-has-no-specialist');
        if (state.specialistId === toSpecialistId) throw invalid('handover-to-self', 'toSpecialistId');
        return [{ type: 'TalentHandedOver', data: { talentId, fromSpecialistId: state.specialistId, toSpecialistId, reason } }];
      }
    }
  },
};
