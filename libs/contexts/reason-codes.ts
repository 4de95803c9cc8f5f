/** Reason codes a step may carry; texts for people are made from them at the edge. */
export const REASON_CODES = {
  DeclineCase: ['NOT_OUR_DUTY', 'NOT_ELIGIBLE', 'DUPLICATE', 'INCOMPLETE', 'UNREASONABLE'],
  ReturnCase: ['NOT_OUR_DUTY', 'WRONG_ITEM', 'NEEDS_OTHER_LEAD'],
  PauseClock: ['AWAITING_MATERIALS', 'THIRD_PARTY', 'PUBLIC_NOTICE', 'EXPERT_REVIEW', 'REQUESTER_UNAVAILABLE'],
  RequestExtension: ['COMPLEX', 'MULTIPLE_DEPARTMENTS', 'POLICY_PENDING', 'SEASONAL'],
  RefuseExtension: ['NOT_JUSTIFIED', 'ENOUGH_TIME_LEFT'],
  SendBackResult: ['INCOMPLETE_ANSWER', 'WRONG_ANSWER', 'MISSING_EVIDENCE'],
  WithdrawCase: ['NO_LONGER_NEEDED', 'SOLVED_OTHERWISE', 'DUPLICATE'],
  ReopenCase: ['NOT_RESOLVED', 'DISSATISFIED', 'NEW_FACTS'],
} as const;
