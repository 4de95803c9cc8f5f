import { type Effects, flow } from '@huicai/projections';
import type { CaseEvent } from '../cases/contract.js';
import { caseChanges } from './views/case-changes.view.js';
import { serviceQueue } from './views/service-queue.view.js';
import { slaCycles } from './views/sla-cycles.view.js';

const each: Effects = { views: [serviceQueue, slaCycles, caseChanges] };

/** Views over the events of cases. */
export const reportingFlow = flow<CaseEvent>('reporting', {
  CaseRegistered: each,
  CaseAccepted: each,
  CaseDeclined: each,
  CaseDispatched: each,
  CaseSignedFor: each,
  CaseReturned: each,
  CaseTaken: each,
  CaseAssigned: each,
  CaseHandedOver: each,
  CaseReturnedToQueue: each,
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
  CallbackRecorded: each,
  CaseRated: each,
  CaseClosed: each,
  CaseWithdrawn: each,
  CaseReopened: each,
  BreachRecorded: each,
  BreachWithdrawn: each,
  BreachExcused: each,
  ExcuseWithdrawn: each,
  SupervisionRaised: each,
  CaseAnsweredDirectly: each,
  ReturnRefused: each,
  CaseReassigned: each,
  OpinionRequested: each,
  OpinionGiven: each,
  SupplementRequested: each,
  SupplementReceived: each,
  CaseClosedUnanswered: each,
  ReminderSent: each,
  NoteAdded: each,
  MessageSent: each,
  CaseArchived: each,
  SupervisionWorkedOff: each,
  SupervisionClosed: each,
});
