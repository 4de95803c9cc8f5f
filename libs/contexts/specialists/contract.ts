import type { Sealed } from '@huicai/kernel';
import type { WeeklyHours } from '../weekly-hours.js';

/** Window, item and employer specialists (窗口专员, 事项专员, 单位专员). */
export type SpecialistKind = 'WINDOW' | 'ITEM' | 'EMPLOYER';

/** Days away, both included, as calendar days of the office YYYY-MM-DD, and who stands in. */
export interface Leave {
  readonly leaveId: string;
  readonly from: string;
  readonly to: string;
  readonly deputyId: string;
}

type Msg<T extends string, D> = { readonly type: T; readonly data: D };

interface Enrolment {
  readonly specialistId: string;
  readonly name: Sealed;
  readonly kind: SpecialistKind;
  readonly departmentId: string;
}

interface Skills {
  /** Items of the service list the specialist knows. */
  readonly itemCodes: readonly string[];
  /** Areas the specialist serves; none is everywhere. */
  readonly areas: readonly string[];
}

/** `openMatters` null: no limit. */
interface Capacity {
  readonly openMatters: number | null;
}

/** `weekly` null: the office's own hours. */
interface Hours {
  readonly weekly: WeeklyHours | null;
}

export type SpecialistCommand =
  | Msg<'EnrolSpecialist', Enrolment>
  | Msg<'SetSkills', Skills>
  | Msg<'SetCapacity', Capacity>
  | Msg<'SetWorkingHours', Hours>
  | Msg<'PlanLeave', Leave>
  | Msg<'CancelLeave', { readonly leaveId: string }>;

export type SpecialistEvent =
  | Msg<'SpecialistEnrolled', Enrolment>
  | Msg<'SpecialistSkillsSet', Skills>
  | Msg<'SpecialistCapacitySet', Capacity>
  | Msg<'SpecialistHoursSet', Hours>
  | Msg<'LeavePlanned', Leave>
  /** `on`: the day it was cancelled; days before it have been leave and stay so. */
  | Msg<'LeaveCancelled', { readonly leaveId: string; readonly on: string }>;

/** One talent of a hand-over of all somebody has. */
interface PassedOn {
  readonly talentId: string;
  readonly fromSpecialistId: string;
  readonly toSpecialistId: string;
  readonly handOverId: string;
}

export type AssignmentCommand =
  | Msg<'PassTalentOn', PassedOn>
  | { readonly type: 'AssignPrimarySpecialist'; readonly data: { readonly talentId: string; readonly specialistId: string } }
  | {
      readonly type: 'HandOverTalent';
      readonly data: { readonly talentId: string; readonly toSpecialistId: string; readonly reason: Sealed };
    };

export type AssignmentEvent =
  | Msg<'TalentPassedOn', PassedOn>
  | { readonly type: 'PrimarySpecialistAssigned'; readonly data: { readonly talentId: string; readonly specialistId: string } }
  | {
      readonly type: 'TalentHandedOver';
      readonly data: {
        readonly talentId: string;
        readonly fromSpecialistId: string;
        readonly toSpecialistId: string;
        readonly reason: Sealed;
      };
    };

interface HandOver {
  readonly handOverId: string;
  readonly fromSpecialistId: string;
  readonly toSpecialistId: string;
  readonly note: Sealed;
}

export type HandOverCommand = Msg<'StartHandOver', HandOver> | Msg<'CompleteHandOver', { readonly handOverId: string }>;

export type HandOverEvent =
  /** With everything they had: open cases, and talents whose primary specialist they were. */
  | Msg<'HandOverStarted', HandOver & { readonly caseIds: readonly string[]; readonly talentIds: readonly string[] }>
  /** Each of them has been tried; what had moved on by itself stayed as it was. */
  | Msg<'HandOverCompleted', { readonly handOverId: string }>;
