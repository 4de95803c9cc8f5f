import { Code, Codes, Day, FreeText, list, OneOf, object } from '@huicai/http';
import { REASON_CODES } from '../reason-codes.js';
import { DEPARTMENT, Explained } from './case.bodies.js';

const TAG = /^[a-z][a-z0-9-]{0,31}$/;

export class AnswerBody {
  @FreeText('The answer to the requester')
  readonly reply!: string;
}

export class RefuseReturnBody extends Explained {
  @OneOf(REASON_CODES.RefuseReturn, 'Why, as a code')
  readonly reasonCode!: string;
}

export class RefusePauseBody extends Explained {
  @OneOf(REASON_CODES.RefusePause, 'Why, as a code')
  readonly reasonCode!: string;
}

export class ReassignBody extends Explained {
  @OneOf(REASON_CODES.ReassignCase, 'Why, as a code')
  readonly reasonCode!: string;
  @Code('The department that leads from now on (主办)', DEPARTMENT)
  readonly departmentId!: string;
  @Codes('Co-departments (协办)', DEPARTMENT, 20, { optional: true })
  readonly coDepartmentIds?: readonly string[];
}

export class SupplementBody {
  @FreeText('Everything that is missing, the procedure and where to hand it in')
  readonly materials!: string;
  @Day('Last day of the office to hand it in; the case is closed after it when nothing came')
  readonly until!: string;
  @FreeText('Why another notice is needed; for the second one of a cycle', { optional: true })
  readonly reason?: string;
}

export class ReceivedBody {
  @FreeText('What was handed in', { optional: true })
  readonly received?: string;
}

export class TagBody {
  @Code('Code of a tag in force (标签)', TAG)
  readonly tag!: string;
}

export class NoteBody {
  @FreeText('For those who handle it; the talent never sees it')
  readonly note!: string;
}

export class MessageBody {
  @FreeText('To the talent or, from the talent, to the desk')
  readonly message!: string;
}

export class SuperviseBody extends Explained {
  @OneOf(REASON_CODES.SuperviseCase, 'Why, as a code')
  readonly reasonCode!: string;
}

export class WorkOffBody {
  @FreeText('What was done about it')
  readonly report!: string;
}

export class CloseSupervisionBody {
  @FreeText('What the supervisor says of it', { optional: true })
  readonly remark?: string;
}

/** What `GET /cases/{id}/notes` shows. */
export const NOTES_SHAPE = object({ items: list(object({ id: 'uuid', at: 'instant', by: 'text', role: 'text', note: 'text' })) });

/** What `GET /cases/{id}/messages` shows. */
export const MESSAGES_SHAPE = object({
  items: list(object({ id: 'uuid', at: 'instant', direction: 'text', role: 'text', message: 'text' })),
});
