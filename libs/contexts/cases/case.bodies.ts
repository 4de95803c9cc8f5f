import { Code, Codes, FreeText, NestedList, OneOf, PersonName, Uuid, WholeNumber, YesNo } from '@huicai/http';
import { REASON_CODES } from '../reason-codes.js';
import type { CaseInput } from './case.intake.js';
import type { ContactMode, Outcome, Reachability, Relation, Satisfaction, Urgency } from './contract.js';

const URGENCIES = ['ENQUIRY', 'NORMAL', 'COMPLEX'] as const satisfies readonly Urgency[];
const RELATIONS = ['CHILD', 'SPOUSE'] as const satisfies readonly Relation[];
const MODES = ['PHONE', 'ON_SITE', 'ONLINE'] as const satisfies readonly ContactMode[];
const OUTCOMES = ['SOLVED', 'ANSWERED', 'REFERRED', 'UNSOLVABLE'] as const satisfies readonly Outcome[];
const REACHABILITIES = ['VALID', 'UNREACHABLE'] as const satisfies readonly Reachability[];

const DEPARTMENT = /^[a-z][a-z0-9-]{0,31}$/;

export class ConcernBody {
  @OneOf(RELATIONS, 'How the person is related to the talent')
  readonly relation!: Exclude<Relation, 'SELF'>;
  @PersonName('Name of the family member')
  readonly name!: string;
}

export class RegisterCaseBody implements Omit<CaseInput, 'concerns'> {
  @Uuid('The talent it is for')
  readonly talentId!: string;
  @Code('Item of the service list (服务事项)', /^\d{2}$/)
  readonly itemCode!: string;
  @Code('Channel it came in by (通道)', /^[a-z][a-z0-9-]{0,31}$/)
  readonly channelId!: string;
  @OneOf(URGENCIES, 'Urgency, which decides the time limit')
  readonly urgency!: Urgency;
  @FreeText('What it is about, in the requester’s words')
  readonly matter!: string;
  @NestedList(() => ConcernBody, 'Family members it is about, besides the talent', 10, { optional: true })
  readonly concerns?: readonly ConcernBody[];
}

type Reasoned = keyof typeof REASON_CODES;

class Explained {
  @FreeText('In words', { optional: true })
  readonly reason?: string;
}

const reasonCode = (step: Reasoned) => OneOf(REASON_CODES[step], 'Why, as a code');

export class DeclineBody extends Explained {
  @reasonCode('DeclineCase')
  readonly reasonCode!: string;
}

export class PauseBody extends Explained {
  @reasonCode('PauseClock')
  readonly reasonCode!: string;
}

export class RefuseExtensionBody extends Explained {
  @reasonCode('RefuseExtension')
  readonly reasonCode!: string;
}

export class SendBackBody extends Explained {
  @reasonCode('SendBackResult')
  readonly reasonCode!: string;
}

export class WithdrawBody extends Explained {
  @reasonCode('WithdrawCase')
  readonly reasonCode!: string;
}

export class ReopenBody extends Explained {
  @reasonCode('ReopenCase')
  readonly reasonCode!: string;
}

export class ReturnBody extends Explained {
  @reasonCode('ReturnCase')
  readonly reasonCode!: string;
  @Code('Department that should lead instead', DEPARTMENT, { optional: true })
  readonly proposedDepartmentId?: string;
}

export class RequestExtensionBody extends Explained {
  @reasonCode('RequestExtension')
  readonly reasonCode!: string;
  @WholeNumber(1, 365, 'Working days asked for')
  readonly workingDays!: number;
}

export class DispatchBody {
  @Code('Lead department (主办); by the routing of the item when left out', DEPARTMENT, { optional: true })
  readonly departmentId?: string;
  @Codes('Co-departments (协办)', DEPARTMENT, 20, { optional: true })
  readonly coDepartmentIds?: readonly string[];
}

export class ContactBody {
  @OneOf(MODES, 'How the requester was contacted')
  readonly mode!: ContactMode;
}

export class ResultBody {
  @OneOf(OUTCOMES, 'What came of it')
  readonly outcome!: Outcome;
  @FreeText('Reply to the requester')
  readonly reply!: string;
}

const SATISFACTION = '1 very dissatisfied to 5 very satisfied';

export class CallbackBody {
  @OneOf(REACHABILITIES, 'Whether the requester was reached')
  readonly reachability!: Reachability;
  @YesNo('Whether the requester says it is resolved; only when reached', { optional: true })
  readonly resolved?: boolean;
  @WholeNumber(1, 5, `${SATISFACTION}; only when reached`, { optional: true })
  readonly satisfaction?: Satisfaction;
  @FreeText('What the requester said', { optional: true })
  readonly remark?: string;
}

export class RatingBody {
  @WholeNumber(1, 5, SATISFACTION)
  readonly satisfaction!: Satisfaction;
  @FreeText('Comment', { optional: true })
  readonly comment?: string;
}
