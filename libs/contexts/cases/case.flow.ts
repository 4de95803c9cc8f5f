import { type Effects, flow } from '@huicai/projections';
import type { CaseEvent } from './contract.js';
import { superviseCaseOnDissatisfiedCallback } from './reactions/supervise-case-on-dissatisfied-callback.js';
import { caseDetail } from './views/case-detail.view.js';
import { slaTimers } from './views/sla-timers.view.js';

const breachTimer = { name: 'record-breach-when-due-passes', due: slaTimers };

/** Every event of a case moves its detail and its clocks; queue and reports hang on in reporting, history in audit. */
const each: Effects = { views: [caseDetail], timers: [breachTimer] };

export const caseFlow = flow<CaseEvent>('cases', {
  CaseRegistered: each,
  CaseAccepted: each,
  CaseDeclined: each,
  CaseDispatched: each,
  CaseSignedFor: each,
  CaseReturned: each,
  CaseTaken: each,
  RequesterContacted: each,
  ClockPaused: each,
  ClockResumed: each,
  ExtensionRequested: each,
  ExtensionGranted: each,
  ExtensionRefused: each,
  ResultSubmitted: each,
  ResultAccepted: each,
  ResultSentBack: each,
  CallbackRecorded: { ...each, reactions: [superviseCaseOnDissatisfiedCallback] },
  CaseRated: each,
  CaseClosed: each,
  CaseWithdrawn: each,
  CaseReopened: each,
  BreachRecorded: each,
  BreachWithdrawn: each,
  SupervisionRaised: each,
});
