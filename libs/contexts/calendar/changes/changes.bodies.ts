import { Day, FreeText, list, NestedList, nullable, OneOf, object, WholeNumber } from '@huicai/http';
import { NoticeDayBody } from '../calendar.bodies.js';
import type { ChangeMode } from '../contract.js';

const MODES = ['keep', 'prospective', 'retroactive'] as const satisfies readonly ChangeMode[];
const MODE =
  'keep: clocks that run keep what they have; retroactive: they have the new version since they started; prospective: of a calendar the ' +
  'days from `fromDay` on, of a policy the limits, unless those made them due before `fromDay`';
const FROM_DAY = 'First day the change is about; for prospective alone';

/** What `POST /calendars/{id}/changes/preview` takes: a version, or the notice that would be one. */
export class PreviewChangeBody {
  @OneOf(MODES, MODE)
  readonly mode!: ChangeMode;
  @WholeNumber(1, 999_999_999, 'The version', { optional: true })
  readonly to?: number;
  @NestedList(() => NoticeDayBody, 'Or all days of a holiday notice of one year, on the latest version', 366, { optional: true })
  readonly days?: readonly NoticeDayBody[];
  @Day(FROM_DAY, { optional: true })
  readonly fromDay?: string;
}

/** What `POST /policies/{id}/changes/preview` takes. */
export class PolicyChangePreview {
  @OneOf(MODES, MODE)
  readonly mode!: ChangeMode;
  @WholeNumber(1, 999_999_999, 'The version')
  readonly to!: number;
  @Day(FROM_DAY, { optional: true })
  readonly fromDay?: string;
}

export class ApplyChangeBody extends PolicyChangePreview {
  @FreeText('Why; shown to talents, so nothing personal', { max: 500 })
  readonly reason!: string;
}

export class UndoChangeBody {
  @FreeText('Why; nothing personal', { max: 500 })
  readonly reason!: string;
}

const COUNTS = { clocks: 'integer', moved: 'integer', turnRed: 'integer', leaveRed: 'integer' } as const;
const GROUPS = list(object({ group: 'text', ...COUNTS }));

/** What it answers: clocks that have not stopped, and which of them move. */
export const PREVIEW_SHAPE = object({
  ...COUNTS,
  byDepartment: GROUPS,
  bySpecialist: GROUPS,
  moves: list(
    object({
      caseId: 'uuid',
      number: 'text',
      itemCode: 'text',
      clockId: 'text',
      departmentId: 'text?',
      specialistId: 'uuid?',
      paused: 'flag',
      before: 'instant?',
      after: 'instant?',
    }),
  ),
});

/** What `GET /calendars/{id}/changes` and `GET /policies/{id}/changes` show. */
export const CHANGES_SHAPE = object({
  items: list(
    object({
      id: 'uuid',
      mode: 'text',
      to: 'integer',
      fromDay: 'day?',
      reason: 'text',
      appliedAt: 'instant',
      approvedBy: 'text',
      undone: nullable(object({ at: 'instant', reason: 'text', approvedBy: 'text' })),
    }),
  ),
});
