import { type CommandResult, canonicalJson, createdIdOf, notFound, type Sealed, streamName } from '@huicai/kernel';
import { envelopeContext } from '@huicai/vault';
import { parseInstant } from '@huicai/working-time';
import type { Caller, CommandMeta, Gateway } from '../gateway.js';
import type {
  AssignmentMode,
  CallbackAnswer,
  CaseCommand,
  CaseSubject,
  ContactMode,
  CorrectableStep,
  Outcome,
  Reachability,
  RectificationMeasure,
  Relation,
  Satisfaction,
  Urgency,
} from './contract.js';

export interface CaseInput {
  readonly talentId: string;
  readonly itemCode: string;
  readonly channelId: string;
  readonly area?: string;
  readonly urgency: Urgency;
  /** What it is about, in the requester's words. */
  readonly matter: string;
  /** Family members it is about, besides the talent. */
  readonly concerns: readonly { readonly relation: Exclude<Relation, 'SELF'>; readonly name: string }[];
}

/** A step of a case as typed in, in clear. Free text is sealed here. */
export type CaseStep =
  | { readonly type: 'AcceptCase'; readonly deferred?: { readonly materials: string; readonly until: string } }
  | {
      readonly type:
        | 'SignForCase'
        | 'ApprovePause'
        | 'ApproveResult'
        | 'TakeCase'
        | 'ResumeClock'
        | 'GrantExtension'
        | 'AcceptResult'
        | 'CloseCase';
    }
  | {
      readonly type:
        | 'DeclineCase'
        | 'RefuseExtension'
        | 'RefusePause'
        | 'SendBackProposal'
        | 'SendBackResult'
        | 'WithdrawCase'
        | 'ReopenCase'
        | 'AppealRating'
        | 'UpholdAppeal'
        | 'DismissAppeal';
      readonly reasonCode: string;
      readonly reason: string | null;
    }
  | { readonly type: 'DispatchCase'; readonly departmentId: string | null; readonly coDepartmentIds: readonly string[] }
  | {
      readonly type: 'ReturnCase';
      readonly reasonCode: string;
      readonly reason: string | null;
      readonly proposedDepartmentId: string | null;
    }
  | { readonly type: 'AssignCase'; readonly mode: AssignmentMode; readonly specialistId: string | null }
  | { readonly type: 'ContactRequester'; readonly mode: ContactMode }
  | {
      readonly type: 'PauseClock';
      readonly reasonCode: string;
      readonly reason: string | null;
      readonly resumeOn?: string;
      readonly maxWorkingDays?: number;
    }
  | { readonly type: 'ReplyInPause' | 'AnswerDirectly'; readonly reply: string }
  | { readonly type: 'RemindCase' | 'ArchiveCase' }
  | { readonly type: 'RefuseReturn' | 'SuperviseCase'; readonly reasonCode: string; readonly reason: string | null }
  | {
      readonly type: 'ReassignCase';
      readonly reasonCode: string;
      readonly reason: string | null;
      readonly departmentId: string;
      readonly coDepartmentIds: readonly string[];
    }
  | { readonly type: 'RequestOpinion'; readonly departmentId: string; readonly question: string }
  | { readonly type: 'GiveOpinion'; readonly opinion: string }
  | { readonly type: 'RequestSupplement'; readonly materials: string; readonly until: string; readonly reason: string | null }
  | { readonly type: 'ReceiveSupplement' | 'ReceiveDeferredMaterials'; readonly received: string | null }
  | { readonly type: 'TagCase' | 'UntagCase'; readonly tag: string }
  | { readonly type: 'AddNote'; readonly note: string }
  | { readonly type: 'SendMessage'; readonly message: string }
  | { readonly type: 'SubmitRectification'; readonly measure: RectificationMeasure; readonly report: string }
  | { readonly type: 'WorkOffSupervision'; readonly report: string }
  | { readonly type: 'CloseSupervision'; readonly remark: string | null }
  | {
      readonly type: 'ExcuseBreach' | 'WithdrawExcuse';
      readonly clockId: string;
      readonly reasonCode: string;
      readonly reason: string | null;
    }
  | {
      readonly type: 'RequestExtension';
      readonly reasonCode: string;
      readonly reason: string | null;
      readonly workingDays: number;
    }
  | { readonly type: 'SubmitResult'; readonly outcome: Outcome; readonly reply: string }
  | {
      readonly type: 'RecordCallback' | 'CallBackRectification';
      readonly reachability: Reachability;
      readonly resolved: boolean | null;
      readonly satisfaction: Satisfaction | null;
      readonly remark: string | null;
    }
  | ({ readonly reasonCode: string; readonly reason: string } & (
      | { readonly type: 'CorrectStepTime'; readonly step: CorrectableStep; readonly occurredAt: string }
      | {
          readonly type: 'CorrectPause';
          readonly pauseId: string;
          readonly voided: boolean;
          readonly from?: string;
          readonly to?: string;
          readonly pauseReasonCode?: string;
        }
      | { readonly type: 'RecordLatePause'; readonly pauseReasonCode: string; readonly from: string; readonly to: string }
      | { readonly type: 'CorrectResult'; readonly outcome: Outcome; readonly reply: string | null }
      | ({ readonly type: 'CorrectCallback'; readonly n: number } & CallbackAnswer)
    ))
  | { readonly type: 'RateCase'; readonly satisfaction: Satisfaction; readonly comment: string | null };

/** Fields that hold a person's own words. */
const FREE_TEXT = [
  'reason',
  'reply',
  'remark',
  'comment',
  'materials',
  'received',
  'note',
  'message',
  'report',
  'question',
  'opinion',
] as const;

/**
 * Registers a matter for a talent. Each family member it concerns is a subject with a key of their own; the matter is sealed for
 * the most sensitive of them, a child before a spouse before the talent.
 *
 * @throws Refusal `talent-not-found`, `item-not-offered`, `item-used-on-site`, `channel-not-found` and those of the command path
 */
export async function registerCase(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  input: CaseInput,
): Promise<CommandResult> {
  const { talentId, itemCode, channelId, area, urgency } = input;
  // No key is made for a talent that does not exist.
  if (!(await gateway.exists(streamName('talent', talentId)))) throw notFound('talent-not-found', { field: 'talentId' });
  const caseId = createdIdOf(meta.commandId, 'case');
  const ctx = (field: string) => envelopeContext(streamName('case', caseId), meta.commandId, field);
  const family = await Promise.all(
    input.concerns.map(async ({ relation, name }, i): Promise<CaseSubject> => {
      const subjectId = createdIdOf(meta.commandId, `subject/${i}`);
      return { subjectId, relation, name: await gateway.vault.seal(subjectId, ctx(`subjects.${i + 1}.name`), name) };
    }),
  );
  const subjects: CaseSubject[] = [{ subjectId: talentId, relation: 'SELF', name: null }, ...family];
  const matter = await gateway.vault.seal(mostSensitive(subjects), ctx('matter'), input.matter);
  return gateway.send({
    aggregate: 'case',
    id: caseId,
    command: {
      type: 'RegisterCase',
      data: { caseId, talentId, itemCode, channelId, ...(area === undefined ? {} : { area }), urgency, matter, subjects },
    },
    caller,
    context: { ...meta, commandHash: await gateway.vault.commandHash(canonicalJson(input), talentId) },
  });
}

export function mostSensitive(subjects: readonly CaseSubject[]): string {
  const first = (relation: Relation) => subjects.find((subject) => subject.relation === relation)?.subjectId;
  return (first('CHILD') ?? first('SPOUSE') ?? first('SELF'))!;
}

/**
 * Takes a case one step on.
 *
 * @param subjects of the case, as its registration lists them; undefined when there is no such case
 * @throws Refusal of the rulebook, `case-not-found`
 */
export async function stepCase(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  target: { readonly caseId: string; readonly subjects: readonly CaseSubject[] | undefined },
  step: CaseStep,
): Promise<CommandResult> {
  const { caseId, subjects } = target;
  if (!subjects) throw notFound('case-not-found');
  // What happened earlier is recorded with the time it happened at.
  const { type, occurredAt, ...fields } = { occurredAt: undefined, ...step };
  const subjectId = mostSensitive(subjects);
  const data: Record<string, unknown> = { ...fields };
  let personal = false;
  for (const field of FREE_TEXT) {
    const text = data[field];
    if (typeof text !== 'string') continue;
    personal = true;
    const ctx = envelopeContext(streamName('case', caseId), meta.commandId, field);
    data[field] = (await gateway.vault.seal(subjectId, ctx, text)) satisfies Sealed;
  }
  if ('deferred' in step && step.deferred) {
    personal = true;
    const ctx = envelopeContext(streamName('case', caseId), meta.commandId, 'deferred.materials');
    data.deferred = { ...step.deferred, materials: await gateway.vault.seal(subjectId, ctx, step.deferred.materials) };
  }
  const reasonCode = 'reasonCode' in step ? { reasonCode: step.reasonCode } : {};
  const send = async () =>
    gateway.send({
      aggregate: 'case',
      id: caseId,
      command: { type, data } as unknown as CaseCommand,
      caller,
      context: {
        ...meta,
        ...reasonCode,
        ...(occurredAt === undefined ? {} : { occurredAt: parseInstant(occurredAt) }),
        commandHash: await gateway.vault.commandHash(canonicalJson(step), personal ? subjectId : null),
      },
    });
  // Whose turn it is, and who has room, is known only once the assignment before is.
  return type === 'AssignCase' ? gateway.inTurn(['service_queue', 'case_assignments', 'specialists'], send) : send();
}
