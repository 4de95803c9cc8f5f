import { type Effects, flow } from '@huicai/projections';
import type { CaseEvent } from './contract.js';
import { exportRatingToProvince } from './reactions/export-rating-to-province.js';
import { openRectificationOnBadRating } from './reactions/open-rectification-on-bad-rating.js';
import { superviseCaseOnBadRating } from './reactions/supervise-case-on-bad-rating.js';
import { superviseCaseOnBrokenPromise } from './reactions/supervise-case-on-broken-promise.js';
import { superviseCaseOnDissatisfiedCallback } from './reactions/supervise-case-on-dissatisfied-callback.js';
import { superviseCaseOnVainRectification } from './reactions/supervise-case-on-vain-rectification.js';
import { tellProvinceOfUpheldAppeal } from './reactions/tell-province-of-upheld-appeal.js';
import { caseAssignments } from './views/case-assignments.view.js';
import { caseDetail } from './views/case-detail.view.js';
import { slaTimers } from './views/sla-timers.view.js';

const breachTimer = { name: 'record-breach-when-due-passes', due: slaTimers };

const returnTimer = { name: 'return-case-when-nobody-acts', due: slaTimers };
const unansweredTimer = { name: 'close-case-when-materials-do-not-come', due: slaTimers };
const timers = [breachTimer, returnTimer, unansweredTimer];

/** Gives the case to a specialist, or takes it from one. */
const moves: Effects = { views: [caseDetail, caseAssignments], timers };

/** Every event of a case moves its detail and its clocks; queue and reports hang on in reporting, history in audit. */
const each: Effects = { views: [caseDetail], timers };

export const caseFlow = flow<CaseEvent>('cases', {
  CaseRegistered: each,
  CaseAccepted: each,
  CaseDeclined: each,
  CaseDispatched: moves,
  CaseSignedFor: each,
  CaseReturned: moves,
  CaseTaken: moves,
  CaseAssigned: moves,
  CaseHandedOver: moves,
  CaseReturnedToQueue: moves,
  RequesterContacted: each,
  ClockPaused: each,
  ClockResumed: each,
  RequesterReplied: each,
  ExtensionRequested: each,
  ExtensionGranted: each,
  ExtensionRefused: each,
  ResultSubmitted: each,
  ResultAccepted: each,
  ResultSentBack: each,
  CallbackRecorded: { ...each, reactions: [superviseCaseOnDissatisfiedCallback] },
  CaseRated: { ...each, reactions: [superviseCaseOnBadRating, openRectificationOnBadRating, exportRatingToProvince] },
  RectificationOpened: each,
  RectificationSubmitted: each,
  RectificationCalledBack: { ...each, reactions: [superviseCaseOnVainRectification] },
  RatingReceiptRecorded: each,
  RatingAppealed: each,
  RatingAppealUpheld: { ...each, reactions: [tellProvinceOfUpheldAppeal] },
  RatingAppealDismissed: each,
  CaseClosed: each,
  CaseWithdrawn: each,
  CaseReopened: moves,
  BreachRecorded: { ...each, reactions: [superviseCaseOnBrokenPromise] },
  BreachWithdrawn: each,
  BreachExcused: each,
  ExcuseWithdrawn: each,
  SupervisionRaised: each,
  CaseAnsweredDirectly: each,
  ReturnRefused: moves,
  CaseReassigned: moves,
  OpinionRequested: each,
  OpinionGiven: each,
  SupplementRequested: each,
  SupplementReceived: each,
  CaseClosedUnanswered: each,
  ReminderSent: each,
  CaseTagged: each,
  CaseUntagged: each,
  NoteAdded: each,
  MessageSent: each,
  CaseArchived: each,
  SupervisionWorkedOff: each,
  SupervisionClosed: each,
  DeferredMaterialsReceived: each,
  PauseRequested: each,
  PauseRefused: each,
  ResultProposed: each,
  ProposalSentBack: each,
  StepTimeCorrected: each,
  PauseCorrected: each,
  PauseRecordedLate: each,
  ResultCorrected: each,
  CallbackCorrected: { ...each, reactions: [superviseCaseOnDissatisfiedCallback] },
});
