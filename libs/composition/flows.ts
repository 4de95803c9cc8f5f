import type { AnyReaction } from '@huicai/kernel';
import { type AnyProjection, type Flow, projectionsOf, reactionsOf } from '@huicai/projections';
import { auditFlow } from '../contexts/audit/audit.flow.js';
import { calendarFlow } from '../contexts/calendar/calendar.flow.js';
import { cardFlow } from '../contexts/cards/card.flow.js';
import { caseFlow } from '../contexts/cases/case.flow.js';
import { catalogueFlow } from '../contexts/catalogue/catalogue.flow.js';
import { channelsFlow } from '../contexts/channels/channels.flow.js';
import { queueViewFlow } from '../contexts/queue-views/queue-views.flow.js';
import { reportingFlow } from '../contexts/reporting/reporting.flow.js';
import { specialistFlow } from '../contexts/specialists/specialist.flow.js';
import { talentFlow } from '../contexts/talents/talent.flow.js';
import { bindings } from './commands.js';

/** The wiring of the whole system: what each event leads to, context by context. */
export const flows: readonly Flow[] = [
  talentFlow,
  cardFlow,
  catalogueFlow,
  channelsFlow,
  specialistFlow,
  caseFlow,
  calendarFlow,
  queueViewFlow,
  reportingFlow,
  auditFlow,
];

/** Every projection with the event types it takes. */
export const allProjections: ReadonlyMap<AnyProjection, string[]> = projectionsOf(flows);

/** Every reaction with the event types it takes. */
export const allReactions: ReadonlyMap<AnyReaction, string[]> = reactionsOf(flows);

/** Streams the system keeps for itself, with their events; they have no views. */
const housekeeping = {
  counter: ['NumbersLeased'],
  store: ['StoreInitialised'],
  seed: ['SeedStarted', 'SeedCompleted'],
} as const;

/** Stream categories of this system. */
export const ourAggregates: ReadonlySet<string> = new Set([...Object.keys(bindings), ...Object.keys(housekeeping)]);

const routed: ReadonlySet<string> = new Set(flows.flatMap(({ routes }) => Object.keys(routes)));

/** Whether an event of the log is one that read models take. */
export const ourEvent = ({ stream, type }: { readonly stream: string; readonly type: string }): boolean =>
  Object.hasOwn(bindings, stream.slice(0, Math.max(0, stream.indexOf('-')))) && routed.has(type);

/** Every type of event this system writes. */
export const eventTypes: ReadonlySet<string> = new Set([
  ...flows.flatMap(({ routes }) => Object.keys(routes)),
  ...Object.values(housekeeping).flat(),
]);
