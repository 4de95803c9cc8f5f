import {
  Code,
  Codes,
  Day,
  FreeText,
  list,
  NestedList,
  nullable,
  OneOf,
  object,
  PersonName,
  Uuid,
  WholeNumber,
} from '@huicai/http';
import { WEEKLY_SHAPE, WeekdayHoursBody } from '../weekly-hours.bodies.js';
import type { SpecialistKind } from './contract.js';
import type { SpecialistInput } from './specialist.intake.js';
import { MOST_OPEN_MATTERS } from './specialist.js';

const KINDS = ['WINDOW', 'ITEM', 'EMPLOYER'] as const satisfies readonly SpecialistKind[];
export const DEPARTMENT = /^[a-z][a-z0-9-]{0,31}$/;
export const AREA = /^[a-z][a-z0-9-]{0,31}$/;

export class EnrolSpecialistBody implements SpecialistInput {
  @PersonName('Name of the specialist (专员)')
  readonly name!: string;
  @OneOf(KINDS, 'Window, item or employer specialist')
  readonly kind!: SpecialistKind;
  @Code('Department', DEPARTMENT)
  readonly departmentId!: string;
}

export class SkillsBody {
  @Codes('Items of the service list the specialist knows', /^\d{2}$/, 100)
  readonly itemCodes!: readonly string[];
  @Codes('Areas (片区) the specialist serves; none is everywhere', AREA, 100)
  readonly areas!: readonly string[];
}

export class CapacityBody {
  @WholeNumber(0, MOST_OPEN_MATTERS, 'Open matters at most; no limit when left out', { optional: true })
  readonly openMatters?: number;
}

export class WorkingHoursBody {
  @NestedList(() => WeekdayHoursBody, 'Working hours; the office’s own when left out', 7, { optional: true })
  readonly weekly?: readonly WeekdayHoursBody[];
}

export class PlanLeaveBody {
  @Day('First day away; today or later')
  readonly from!: string;
  @Day('Last day away')
  readonly to!: string;
  @Uuid('Who stands in (代理人), of the same department and there on all these days')
  readonly deputyId!: string;
}

export class AssignSpecialistBody {
  @Uuid('The specialist the talent turns to')
  readonly specialistId!: string;
}

export class HandOverBody {
  @Uuid('The specialist who takes over')
  readonly toSpecialistId!: string;
  @FreeText('Why')
  readonly reason!: string;
}

const LEAVE = object({ id: 'uuid', from: 'day', to: 'day', deputyId: 'uuid' });

const SPECIALIST = {
  id: 'uuid',
  name: 'text',
  kind: 'text',
  departmentId: 'text',
  itemCodes: list('text'),
  areas: list('text'),
  capacity: 'integer?',
  absentToday: 'flag',
  leave: nullable(LEAVE),
  standIn: 'uuid?',
} as const;

/** What `GET /specialists` shows; `standIn` is null for those who are there, and when nobody who is there is left. */
export const SPECIALISTS_SHAPE = object({ on: 'day', items: list(object(SPECIALIST)) });

/** What `GET /specialists/{id}` shows; leaves that are over are left out. */
export const SPECIALIST_SHAPE = object({
  ...SPECIALIST,
  weekly: { ...WEEKLY_SHAPE, type: ['array', 'null'] },
  leaves: list(LEAVE),
  revision: 'bigint',
});
