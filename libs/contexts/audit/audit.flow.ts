import { type Effects, flow } from '@huicai/projections';
import type { CalendarEvent, PolicyEvent } from '../calendar/contract.js';
import type { CardEvent } from '../cards/contract.js';
import type { CaseEvent } from '../cases/contract.js';
import type { CatalogueEvent } from '../catalogue/contract.js';
import type { ChannelsEvent } from '../channels/contract.js';
import type { QueueViewEvent } from '../queue-views/contract.js';
import type { AssignmentEvent, HandOverEvent, SpecialistEvent } from '../specialists/contract.js';
import type { TalentEvent } from '../talents/contract.js';
import { history } from './views/history.view.js';

type AnyEvent =
  | CalendarEvent
  | PolicyEvent
  | CardEvent
  | CaseEvent
  | CatalogueEvent
  | ChannelsEvent
  | AssignmentEvent
  | HandOverEvent
  | QueueViewEvent
  | SpecialistEvent
  | TalentEvent;

const kept: Effects = { views: [history] };

/** The history takes every event there is; a new type that is not named here does not compile. */
export const auditFlow = flow<AnyEvent>('audit', {
  CalendarVersionPublished: kept,
  CalendarChangeApplied: kept,
  CalendarChangeUndone: kept,
  PolicyVersionPublished: kept,
  PolicyChangeApplied: kept,
  PolicyChangeUndone: kept,
  CardApplied: kept,
  CardReviewed: kept,
  CardIssued: kept,
  CardActivated: kept,
  CardLossReported: kept,
  CardRevoked: kept,
  CaseRegistered: kept,
  CaseAccepted: kept,
  CaseDeclined: kept,
  CaseDispatched: kept,
  CaseSignedFor: kept,
  CaseReturned: kept,
  CaseTaken: kept,
  CaseAssigned: kept,
  CaseHandedOver: kept,
  CaseReturnedToQueue: kept,
  RequesterContacted: kept,
  ClockPaused: kept,
  ClockResumed: kept,
  RequesterReplied: kept,
  ExtensionRequested: kept,
  ExtensionGranted: kept,
  ExtensionRefused: kept,
  ResultSubmitted: kept,
  ResultAccepted: kept,
  ResultSentBack: kept,
  CallbackRecorded: kept,
  CaseRated: kept,
  RectificationOpened: kept,
  RectificationSubmitted: kept,
  RectificationCalledBack: kept,
  RatingReceiptRecorded: kept,
  RatingAppealed: kept,
  RatingAppealUpheld: kept,
  RatingAppealDismissed: kept,
  CaseClosed: kept,
  CaseWithdrawn: kept,
  CaseReopened: kept,
  BreachRecorded: kept,
  BreachWithdrawn: kept,
  BreachExcused: kept,
  ExcuseWithdrawn: kept,
  SupervisionRaised: kept,
  CaseAnsweredDirectly: kept,
  ReturnRefused: kept,
  CaseReassigned: kept,
  OpinionRequested: kept,
  OpinionGiven: kept,
  SupplementRequested: kept,
  SupplementReceived: kept,
  CaseClosedUnanswered: kept,
  ReminderSent: kept,
  CaseTagged: kept,
  CaseUntagged: kept,
  NoteAdded: kept,
  MessageSent: kept,
  CaseArchived: kept,
  SupervisionWorkedOff: kept,
  SupervisionClosed: kept,
  DeferredMaterialsReceived: kept,
  PauseRequested: kept,
  PauseRefused: kept,
  ResultProposed: kept,
  ProposalSentBack: kept,
  StepTimeCorrected: kept,
  PauseCorrected: kept,
  PauseRecordedLate: kept,
  ResultCorrected: kept,
  CallbackCorrected: kept,
  TagsPublished: kept,
  CatalogueVersionDrafted: kept,
  CatalogueVersionPublished: kept,
  DepartmentRegistered: kept,
  ChannelOpened: kept,
  ChannelHoursSet: kept,
  RoutingRulesPublished: kept,
  ReturnAfterSet: kept,
  ItemRouted: kept,
  SpecialistEnrolled: kept,
  SpecialistSkillsSet: kept,
  SpecialistCapacitySet: kept,
  SpecialistHoursSet: kept,
  LeavePlanned: kept,
  LeaveCancelled: kept,
  PrimarySpecialistAssigned: kept,
  TalentHandedOver: kept,
  TalentPassedOn: kept,
  HandOverStarted: kept,
  HandOverCompleted: kept,
  TalentRegistered: kept,
  TalentCorrected: kept,
  QueueViewSaved: kept,
  QueueViewChanged: kept,
  QueueViewRemoved: kept,
});
