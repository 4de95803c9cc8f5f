import type { Sealed } from '@huicai/kernel';

/** Window, item and employer specialists (窗口专员, 事项专员, 单位专员). */
export type SpecialistKind = 'WINDOW' | 'ITEM' | 'EMPLOYER';

export type SpecialistCommand = {
  readonly type: 'EnrolSpecialist';
  readonly data: {
    readonly specialistId: string;
    readonly name: Sealed;
    readonly kind: SpecialistKind;
    readonly departmentId: string;
  };
};

export type SpecialistEvent = { readonly type: 'SpecialistEnrolled'; readonly data: SpecialistCommand['data'] };

export type AssignmentCommand =
  | { readonly type: 'AssignPrimarySpecialist'; readonly data: { readonly talentId: string; readonly specialistId: string } }
  | {
      readonly type: 'HandOverTalent';
      readonly data: { readonly talentId: string; readonly toSpecialistId: string; readonly reason: Sealed };
    };

export type AssignmentEvent =
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
