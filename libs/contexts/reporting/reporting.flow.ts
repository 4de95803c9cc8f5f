import { type Effects, flow } from '@huicai/projections';
import type { CaseEvent } from '../cases/contract.js';
import { serviceQueue } from './views/service-queue.view.js';
import { slaCycles } from './views/sla-cycles.view.js';

const both: Effects = { views: [serviceQueue, slaCycles] };

/** Views over the events of cases. */
export const reportingFlow = flow<CaseEvent>('reporting', {
  CaseRegistered: both,
  CaseAccepted: both,
  CaseDeclined: both,
  CaseDispatched: both,
  CaseSignedFor: both,
  CaseReturned: both,
  CaseTaken: both,
  RequesterContacted: both,
  ClockPaused: both,
  ClockResumed: both,
  ExtensionRequested: both,
  ExtensionGranted: both,
  ExtensionRefused: both,
  ResultSubmitted: both,
  ResultAccepted: both,
  ResultSentBack: both,
  CallbackRecorded: both,
  CaseRated: both,
  CaseClosed: both,
  CaseWithdrawn: both,
  CaseReopened: both,
  BreachRecorded: both,
  BreachWithdrawn: both,
});
