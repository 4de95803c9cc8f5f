import type { CaseStatus } from './facts.js';

interface Text {
  readonly zh: string;
  readonly en: string;
}

/** How far a matter is and what comes next, in the words of the person it is for. */
export const PROGRESS: Readonly<Record<CaseStatus, { readonly now: Text; readonly next: Text }>> = {
  REGISTERED: {
    now: { zh: '已登记，等待受理', en: 'Registered, waiting to be accepted' },
    next: { zh: '服务窗口将决定是否受理', en: 'The service window decides whether it is accepted' },
  },
  ACCEPTED: {
    now: { zh: '已受理', en: 'Accepted' },
    next: { zh: '将派给承办单位', en: 'It is dispatched to the department in charge' },
  },
  DECLINED: {
    now: { zh: '不予受理', en: 'Declined' },
    next: { zh: '没有后续步骤', en: 'Nothing further happens' },
  },
  DISPATCHED: {
    now: { zh: '已派给承办单位，等待签收', en: 'Dispatched, waiting for the department to sign for it' },
    next: { zh: '承办单位将签收并联系您', en: 'The department signs for it and contacts you' },
  },
  SIGNED_FOR: {
    now: { zh: '承办单位正在办理', en: 'The department is working on it' },
    next: { zh: '承办单位将提交办理结果', en: 'The department submits its result' },
  },
  SUBMITTED: {
    now: { zh: '办理结果已提交，正在审核', en: 'A result has been submitted and is being checked' },
    next: { zh: '服务窗口将审核结果', en: 'The service window checks the result' },
  },
  RESULT_ACCEPTED: {
    now: { zh: '办理完成，等待回访', en: 'Done, waiting for the callback' },
    next: { zh: '工作人员将回访您，您也可以评价', en: 'We call you back, and you can rate the service' },
  },
  CLOSED: {
    now: { zh: '已办结', en: 'Closed' },
    next: { zh: '如有不满意，可以申请重办', en: 'If you are not content you can ask for it to be reopened' },
  },
  WITHDRAWN: {
    now: { zh: '已撤回', en: 'Withdrawn' },
    next: { zh: '没有后续步骤', en: 'Nothing further happens' },
  },
  ARCHIVED: {
    now: { zh: '已归档', en: 'Archived' },
    next: { zh: '没有后续步骤', en: 'Nothing further happens' },
  },
};

export const PAUSED: { readonly now: Text; readonly next: Text } = {
  now: { zh: '办理暂停，时限中止计算', en: 'Paused, the time limit does not run' },
  next: { zh: '原因消除后继续办理', en: 'Work goes on once the reason is gone' },
};

/** Why a promise moved, in the words of the person it was made to. */
export const REASON_TEXTS: Readonly<Record<string, Text>> = {
  AWAITING_MATERIALS: { zh: '等待您补充材料', en: 'Waiting for materials from you' },
  THIRD_PARTY: { zh: '等待其他机构回复', en: 'Waiting for another body' },
  PUBLIC_NOTICE: { zh: '公示期间', en: 'Under public notice' },
  EXPERT_REVIEW: { zh: '专家评审期间', en: 'Under review by experts' },
  REQUESTER_UNAVAILABLE: { zh: '暂时联系不上您', en: 'You could not be reached' },
  COMPLEX: { zh: '情况复杂', en: 'The matter is complex' },
  MULTIPLE_DEPARTMENTS: { zh: '需多个单位共同办理', en: 'Several departments have to act' },
  POLICY_PENDING: { zh: '等待政策明确', en: 'A rule has yet to be settled' },
  SEASONAL: { zh: '按批次集中办理', en: 'It is handled in a season' },
};
