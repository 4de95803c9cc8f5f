import { Code, FreeText, list, object } from '@huicai/http';
import { DEPARTMENT } from './case.bodies.js';

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
