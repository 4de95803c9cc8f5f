import {
  Code,
  Codes,
  Day,
  FreeText,
  Nested,
  NestedList,
  NoBody,
  OneOf,
  PersonName,
  Uuid,
  WholeNumber,
  YesNo,
} from '@huicai/http';
import { REASON_CODES } from '../reason-codes.js';
import { ASSIGNMENT_MODES } from './assignment.js';
import type { CaseInput } from './case.intake.js';
import type { AssignmentMode, ContactMode, Outcome, Reachability, Relation, Satisfaction, Urgency } from './contract.js';

const URGENCIES = ['ENQUIRY', 'NORMAL', 'COMPLEX'] as const satisfies readonly Urgency[];
const RELATIONS = ['CHILD', 'SPOUSE'] as const satisfies readonly Relation[];
const MODES = ['PHONE', 'ON_SITE', 'ONLINE'] as const satisfies readonly ContactMode[];
export const OUTCOMES = ['SOLVED', 'ANSWERED', 'REFERRED', 'UNSOLVABLE'] as const satisfies readonly Outcome[];
export const REACHABILITIES = ['VALID', 'UNREACHABLE'] as const satisfies readonly Reachability[];

export const DEPARTMENT = /^[a-z][a-z0-9-]{0,31}$/;

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
  @Code('Area (片区) it is of; channels may route by it', /^[a-z][a-z0-9-]{0,31}$/, { optional: true })
  readonly area?: string;
  @OneOf(URGENCIES, 'Urgency, which decides the time limit')
  readonly urgency!: Urgency;
  @FreeText('What it is about, in the requester’s words')
  readonly matter!: string;
  @NestedList(() => ConcernBody, 'Family members it is about, besides the talent', 10, { optional: true })
  readonly concerns?: readonly ConcernBody[];
}

export class DeferredBody {
  @FreeText('What is missing and comes later')
  readonly materials!: string;
  @Day('Last day of the office to hand it in')
  readonly until!: string;
}

export class AcceptBody extends NoBody {
  @Nested(() => DeferredBody, 'Accepted although something is missing (容缺受理)', { optional: true })
  readonly deferred?: DeferredBody;
}

export class AssignBody {
  @OneOf(ASSIGNMENT_MODES, 'Named by hand, in turn, by who has least to do, or among those who know the item')
  readonly mode!: AssignmentMode;
  @Uuid('The specialist; for MANUAL alone', { optional: true })
  readonly specialistId?: string;
}

type Reasoned = keyof typeof REASON_CODES;

export class Explained {
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
  @Day('Day of the office on which it goes on by itself', { optional: true })
  readonly resumeOn?: string;
  @WholeNumber(1, 250, 'Goes on by itself at the close of this many working days after today', { optional: true })
  readonly maxWorkingDays?: number;
}

export class ReplyBody {
  @FreeText('What the requester answers or hands in')
  readonly reply!: string;
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

const CLOCK_ID = /^[a-zA-Z]{1,20}\/\d{1,4}\/\d{1,4}$/;

export class ExcuseBody extends Explained {
  @Code('The clock whose breach stands, as the case lists it', CLOCK_ID)
  readonly clockId!: string;
  @reasonCode('ExcuseBreach')
  readonly reasonCode!: string;
}

export class WithdrawExcuseBody extends Explained {
  @Code('The clock whose breach was excused', CLOCK_ID)
  readonly clockId!: string;
  @reasonCode('WithdrawExcuse')
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

export const SATISFACTION = '1 very dissatisfied to 5 very satisfied';

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
