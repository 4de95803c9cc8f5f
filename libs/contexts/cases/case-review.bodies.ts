import { Code, FreeText, list, OneOf, object } from '@huicai/http';
import { REASON_CODES } from '../reason-codes.js';
import { DEPARTMENT, Explained } from './case.bodies.js';
import type { RectificationMeasure } from './contract.js';

const MEASURES = ['RECTIFIED', 'EXPLAINED'] as const satisfies readonly RectificationMeasure[];

export class RequestOpinionBody {
  @Code('The department that is asked; it sees the case from then on', DEPARTMENT)
  readonly departmentId!: string;
  @FreeText('What it is asked')
  readonly question!: string;
}

export class OpinionBody {
  @FreeText('What the department says of the matter')
  readonly opinion!: string;
}

export class RectificationBody {
  @OneOf(MEASURES, 'Put right, or explained why nothing is to be put right')
  readonly measure!: RectificationMeasure;
  @FreeText('What was done')
  readonly report!: string;
}

export class AppealBody extends Explained {
  @OneOf(REASON_CODES.AppealRating, 'Why the review should not count, as a code')
  readonly reasonCode!: string;
}

export class UpholdAppealBody extends Explained {
  @OneOf(REASON_CODES.UpholdAppeal, 'Why the review does not count, as a code')
  readonly reasonCode!: string;
}

export class DismissAppealBody extends Explained {
  @OneOf(REASON_CODES.DismissAppeal, 'Why it counts, as a code')
  readonly reasonCode!: string;
}

/** What `GET /cases/{id}/opinions` shows. */
export const OPINIONS_SHAPE = object({
  items: list(
    object({
      clockId: 'text',
      departmentId: 'text',
      asked: 'flag',
      question: 'text?',
      askedAt: 'instant',
      opinion: 'text?',
      givenAt: 'instant?',
    }),
  ),
});
