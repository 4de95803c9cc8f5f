import { type Decider, forbidden, type Role } from '@huicai/kernel';
import type { CaseCommand, CaseEvent } from './contract.js';
import { foldCase } from './fold.js';
import { answerDirectly } from './rules/answer.js';
import { archive } from './rules/archive.js';
import { assign } from './rules/assign.js';
import { recordBreach } from './rules/breach.js';
import { rate, recordCallback } from './rules/callback.js';
import { close, reopen, withdraw } from './rules/close.js';
import { correctCallback, correctPause, correctResult, correctStepTime, recordLatePause } from './rules/correct.js';
import { dispatch, returnCase, signFor } from './rules/dispatch.js';
import { excuseBreach, withdrawExcuse } from './rules/excuse.js';
import { grantExtension, refuseExtension, requestExtension } from './rules/extension.js';
import { contact, take } from './rules/handle.js';
import { handOver, returnToQueue } from './rules/move.js';
import { giveOpinion, requestOpinion } from './rules/opinion.js';
import { approvePause, endPause, pause, refusePause, replyInPause, resume } from './rules/pause.js';
import { reassign, refuseReturn } from './rules/reassign.js';
import { recordRatingReceipt } from './rules/receipt.js';
import {
  appealRating,
  callBackRectification,
  dismissAppeal,
  openRectification,
  submitRectification,
  upholdAppeal,
} from './rules/rectification.js';
import { accept, decline, receiveDeferred, register } from './rules/register.js';
import { remind } from './rules/remind.js';
import { acceptResult, approveResult, sendBackProposal, sendBackResult, submitResult } from './rules/result.js';
import { type AnyRule, type CaseNeed, type CaseRuleFacts, checkOwnership, type Rule, refuseStep } from './rules/rule.js';
import { closeSupervision, raiseSupervision, supervise, workOff } from './rules/supervision.js';
import { closeUnanswered, receiveSupplement, requestSupplement } from './rules/supplement.js';
import { tagCase, untagCase } from './rules/tag.js';
import { addNote, sendMessage } from './rules/words.js';
import type { CaseFacts } from './state.js';

/** Every step a case can take. A command without a row does not compile. */
const table: { readonly [T in CaseCommand['type']]: Rule<T> } = {
  RegisterCase: register,
  AcceptCase: accept,
  DeclineCase: decline,
  DispatchCase: dispatch,
  SignForCase: signFor,
  ReturnCase: returnCase,
  TakeCase: take,
  AssignCase: assign,
  HandOverCase: handOver,
  ReturnToQueue: returnToQueue,
  ContactRequester: contact,
  PauseClock: pause,
  ResumeClock: resume,
  EndPause: endPause,
  ReplyInPause: replyInPause,
  RequestExtension: requestExtension,
  GrantExtension: grantExtension,
  RefuseExtension: refuseExtension,
  SubmitResult: submitResult,
  AcceptResult: acceptResult,
  SendBackResult: sendBackResult,
  RecordCallback: recordCallback,
  RateCase: rate,
  RecordRatingReceipt: recordRatingReceipt,
  OpenRectification: openRectification,
  SubmitRectification: submitRectification,
  CallBackRectification: callBackRectification,
  AppealRating: appealRating,
  UpholdAppeal: upholdAppeal,
  DismissAppeal: dismissAppeal,
  CloseCase: close,
  WithdrawCase: withdraw,
  ReopenCase: reopen,
  RecordBreach: recordBreach,
  ExcuseBreach: excuseBreach,
  WithdrawExcuse: withdrawExcuse,
  RaiseSupervision: raiseSupervision,
  AnswerDirectly: answerDirectly,
  RefuseReturn: refuseReturn,
  ReassignCase: reassign,
  RequestOpinion: requestOpinion,
  GiveOpinion: giveOpinion,
  RequestSupplement: requestSupplement,
  ReceiveSupplement: receiveSupplement,
  CloseUnanswered: closeUnanswered,
  RemindCase: remind,
  TagCase: tagCase,
  UntagCase: untagCase,
  AddNote: addNote,
  SendMessage: sendMessage,
  ArchiveCase: archive,
  SuperviseCase: supervise,
  WorkOffSupervision: workOff,
  CloseSupervision: closeSupervision,
  ReceiveDeferredMaterials: receiveDeferred,
  ApprovePause: approvePause,
  RefusePause: refusePause,
  ApproveResult: approveResult,
  SendBackProposal: sendBackProposal,
  CorrectStepTime: correctStepTime,
  CorrectPause: correctPause,
  RecordLatePause: recordLatePause,
  CorrectResult: correctResult,
  CorrectCallback: correctCallback,
};

export const caseRules = Object.values(table) as readonly AnyRule[];

/** The facts a command's rule asks for. */
export const needsOf = (command: CaseCommand['type']): readonly CaseNeed[] => table[command].needs ?? [];

/** Commands the case can take now; with a role, those that role may give. The system's own steps are not listed. */
export function possibleSteps(state: CaseFacts | null, role?: Role): CaseCommand['type'][] {
  return caseRules
    .filter((row) => isLegal(row, state) && (role ? row.roles.includes(role) : !row.roles.includes('system')))
    .map((row) => row.command);
}

/** Those a co-department can take now. */
export function possibleStepsOfCoDepartment(state: CaseFacts, departmentId: string): CaseCommand['type'][] {
  return caseRules.filter((row) => row.coDepartments?.(state, departmentId) && isLegal(row, state)).map((row) => row.command);
}

function isLegal(row: AnyRule, state: CaseFacts | null): boolean {
  if (!row.from.includes(state?.status ?? 'NEW')) return false;
  return state === null || (row.when?.(state) ?? true);
}

/** The rulebook of a matter (办件, 关键小事): composed of the rows above. */
export const caseDecider: Decider<CaseCommand, CaseEvent, CaseFacts | null, CaseRuleFacts> = {
  aggregate: 'case',
  initialState: () => null,
  evolve: foldCase,
  decide: (command, state, facts) => {
    const row = table[command.type] as AnyRule;
    if (!row.roles.includes(facts.actor.role)) throw forbidden('role-not-allowed', { params: { role: facts.actor.role } });
    if (state) checkOwnership(state, facts, row);
    if (!isLegal(row, state)) refuseStep(state, possibleSteps(state));
    return (row as Rule).decide(command.data as never, state as CaseFacts, facts);
  },
};
