import { inShort, projection, putMoved, type Row } from '@huicai/projections';
import type { PromisedClock, TimeReference } from '../../calendar/facts.js';
import {
  type CaseFacts,
  type CaseStatus,
  caseDocument,
  caseTiming,
  currentClock,
  dueOf,
  factsAfter,
  isBadlyRated,
  isDissatisfied,
} from '../../cases/facts.js';
import type { RoutingPriority } from '../../channels/contract.js';
import type { TalentCategory } from '../../talents/contract.js';
import { QUEUE_LISTS } from './queues.js';

export interface ServiceQueueRow extends Row {
  case_id: string;
  number: string;
  item_code: string;
  channel_id: string;
  urgency: string;
  status: CaseStatus;
  open: boolean;
  talent_id: string;
  department_id: string | null;
  co_department_ids: readonly string[];
  specialist_id: string | null;
  /** The talent's, as the clock that started last has it; null before acceptance. */
  category: TalentCategory | null;
  /** Codes of controlled words. */
  tags: readonly string[];
  cycle: number;
  paused: boolean;
  /** When the requester first answered in the pause that lasts. */
  replied_at: Date | null;
  /** A department has given it back, and the dispatcher has not answered. */
  returned: boolean;
  /** When the talent first wrote since somebody of the desk did. */
  talent_wrote_at: Date | null;
  called_back: boolean;
  /** A bad answer at the callback or a bad review, in the present cycle. */
  dissatisfied: boolean;
  supervised: boolean;
  /** Somebody has to agree: to a pause, a result or an extension that is asked for. */
  awaits_consent: boolean;
  /** What the channel's rules said at the latest dispatch. */
  priority: RoutingPriority;
  fast_track: boolean;
  registered_at: Date;
  accepted_at: Date | null;
  submitted_at: Date | null;
  closed_at: Date | null;
  due_at: Date | null;
  due_clock: string | null;
  total_due: Date | null;
  handling_due: Date | null;
  yellow_at: Date | null;
  red_at: Date | null;
  severe_at: Date | null;
  facts: CaseFacts;
}

/** Cases as those who work on them look for them. The light is not stored: it is `now` against the three instants. */
export const serviceQueue = projection<ServiceQueueRow, TimeReference>({
  name: 'service_queue',
  version: 13,
  table: {
    columns: {
      case_id: 'uuid',
      number: 'text',
      item_code: 'text',
      channel_id: 'text',
      urgency: 'text',
      status: 'text',
      open: 'bool',
      talent_id: 'uuid',
      department_id: 'text null',
      co_department_ids: 'jsonb',
      specialist_id: 'uuid null',
      category: 'text null',
      tags: 'jsonb',
      cycle: 'int4',
      paused: 'bool',
      replied_at: 'timestamptz null',
      returned: 'bool',
      talent_wrote_at: 'timestamptz null',
      called_back: 'bool',
      dissatisfied: 'bool',
      supervised: 'bool',
      awaits_consent: 'bool',
      priority: 'text',
      fast_track: 'bool',
      registered_at: 'timestamptz',
      accepted_at: 'timestamptz null',
      submitted_at: 'timestamptz null',
      closed_at: 'timestamptz null',
      due_at: 'timestamptz null',
      due_clock: 'text null',
      total_due: 'timestamptz null',
      handling_due: 'timestamptz null',
      yellow_at: 'timestamptz null',
      red_at: 'timestamptz null',
      severe_at: 'timestamptz null',
      facts: 'json',
    },
    documents: { facts: caseDocument },
    key: ['case_id'],
    partition: 'case_id',
    indexes: [
      "(open, coalesce(due_at, 'infinity'), case_id)",
      "(department_id, open, coalesce(due_at, 'infinity'), case_id)",
      "(specialist_id, open, coalesce(due_at, 'infinity'), case_id)",
      '(number)',
      '(talent_id)',
      '(registered_at, case_id)',
      '(department_id, accepted_at)',
      '(item_code, accepted_at)',
      "using gin (tags) where tags <> '[]'::jsonb",
      "using gin (co_department_ids) where co_department_ids <> '[]'::jsonb",
    ],
    listed: QUEUE_LISTS,
  },
  rederive: (rows, time) => {
    const row = rows.one();
    if (row) putMoved(rows, row, queueRow(row.facts, time));
  },
  partition: (event) => event.stream.slice('case-'.length),
  ...inShort<ServiceQueueRow, Short, TimeReference>({
    fold: (rows, event) => {
      const facts = factsAfter(rows.one()?.facts ?? null, event);
      if (facts) rows.put({ case_id: facts.caseId, facts });
    },
    whole: ({ facts }, time) => queueRow(facts, time),
  }),
});

/** What the fold reads; the other columns follow from the facts. */
type Short = Pick<ServiceQueueRow, 'case_id' | 'facts'>;

const ENDED: readonly CaseStatus[] = ['DECLINED', 'CLOSED', 'WITHDRAWN', 'ARCHIVED'];

export function queueRow(facts: CaseFacts, time: TimeReference): ServiceQueueRow {
  const timing = caseTiming(facts, time);
  const [total, handling] = ['total', 'handling'].map((kind) => currentClock(facts, kind));
  return {
    case_id: facts.caseId,
    number: facts.number,
    item_code: facts.itemCode,
    channel_id: facts.channelId,
    urgency: facts.urgency,
    status: facts.status,
    open: !ENDED.includes(facts.status),
    talent_id: facts.talentId,
    department_id: facts.departmentId,
    co_department_ids: facts.coDepartmentIds,
    specialist_id: facts.specialistId,
    category: (facts.clocks.at(-1) as PromisedClock | undefined)?.matter?.category ?? null,
    tags: facts.tags,
    cycle: facts.cycle,
    paused: facts.pausedSince !== null,
    replied_at: at(facts.repliedAt),
    returned: facts.returned !== null,
    talent_wrote_at: at(facts.talentWroteAt),
    called_back: facts.callbacks.length > 0,
    dissatisfied: facts.callbacks.some(isDissatisfied) || isBadlyRated(facts),
    supervised: facts.supervisions.some(({ closedAt }) => closedAt === null),
    awaits_consent: facts.pauseAsked !== null || facts.proposal !== null || facts.extensionAsked !== null,
    priority: facts.routing?.priority ?? 'NORMAL',
    fast_track: facts.routing?.fastTrack ?? false,
    registered_at: new Date(facts.registeredAt),
    accepted_at: at(facts.acceptedAt),
    submitted_at: at(facts.submittedAt),
    closed_at: at(facts.closedAt),
    due_at: at(timing.dueAt),
    due_clock: timing.dueClock,
    total_due: at(total ? dueOf(total, time) : null),
    handling_due: at(handling ? dueOf(handling, time) : null),
    yellow_at: at(timing.yellowAt),
    red_at: at(timing.redAt),
    severe_at: at(timing.severeAt),
    facts,
  };
}

const at = (instant: number | null): Date | null => (instant === null ? null : new Date(instant));
