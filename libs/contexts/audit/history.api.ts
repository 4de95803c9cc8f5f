import { type Answer, Asked, Id, list, object, type RequestState, Roles, Shows } from '@huicai/http';
import { type ChainFault, ChainVerifier, type EventMetadata, notFound, streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE } from '../calendar/facts.js';
import { isToldTo, unacceptedResults } from '../cases/facts.js';
import { Ask, type Found, type Reads } from '../edge.js';
import { masking, refuseForeignCase } from '../visibility.js';
import { type HistoryRow, readHistory } from './views/history.view.js';

const CHAIN_SHAPE = {
  type: 'object',
  required: ['verified', 'events', 'head'],
  properties: {
    verified: { type: 'boolean' },
    events: { type: 'integer' },
    head: { type: 'string' },
    fault: object({ revision: 'bigint', kind: 'text' }),
  },
};

const HISTORY_SHAPE = object({
  caseId: 'uuid',
  number: 'text',
  events: list(
    object({
      revision: 'bigint',
      eventId: 'uuid',
      position: 'bigint',
      type: 'text',
      who: object({ id: 'text?', role: 'text' }),
      occurredAt: 'instant',
      recordedAt: 'instant',
      backfill: 'flag',
      reasonCode: 'text?',
      commandId: 'uuid',
      data: { type: 'object' },
      hash: 'text',
    }),
  ),
  chain: CHAIN_SHAPE,
});

@ApiTags('audit')
@Controller()
export class HistoryController {
  constructor(private readonly queries: QueryBus) {}

  @Get('cases/:caseId/history')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @Shows('The events, and the chain as recomputed from the store', HISTORY_SHAPE)
  @ApiOperation({ summary: 'Who did what, when and why, in order, with the proof that nothing was altered (留痕)' })
  read(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['history', 'case_detail'], (reads) => historyPage(reads, id), {
        history: streamName('case', id),
        case_detail: id,
      }),
    );
  }
}

async function historyPage(reads: Reads, caseId: string): Promise<Found> {
  const stream = streamName('case', caseId);
  const facts = await reads.directory.caseFacts(caseId);
  if (!facts) throw notFound('case-not-found');
  await refuseForeignCase(reads, facts);
  const [all, chain] = await Promise.all([readHistory(reads.db, stream), verifyStream(reads, stream)]);
  const rows = all.filter(({ type }) => isToldTo(reads.caller.role, type));
  const kept = reads.caller.role === 'talent' ? unacceptedResults(rows.map(({ type }) => type)) : new Set<number>();
  const opened = await reads.open<object[]>(
    rows.map(({ data }, i) => (kept.has(i) ? {} : data)),
    {
      expected: `${stream}/`,
      resource: `cases/${caseId}/history`,
      present: masking(reads.caller.role === 'auditor' ? ['name'] : []),
    },
  );
  return {
    ...(all.length === 0 ? {} : { revision: all.at(-1)!.revision }),
    // The proof is made anew each time.
    movesOn: true,
    body: { caseId, number: facts.number, events: rows.map((row, i) => entryOf(reads, row, opened[i]!)), chain },
  };
}

function entryOf(reads: Reads, row: HistoryRow, data: object) {
  // Whom a talent dealt with is told by role; ids of colleagues are for the office.
  const mayKnow = reads.caller.role !== 'talent' || row.actor_id === reads.caller.id;
  return {
    revision: row.revision,
    eventId: row.event_id,
    position: row.position,
    type: row.type,
    who: { id: mayKnow ? row.actor_id : null, role: row.actor_role },
    occurredAt: formatInstant(row.occurred_at.getTime(), OFFICE_ZONE),
    recordedAt: formatInstant(row.recorded_at.getTime(), OFFICE_ZONE),
    backfill: row.backfill,
    reasonCode: row.reason_code,
    commandId: row.command_id,
    data: mayKnow ? data : AMONG_OFFICES.has(row.type) ? {} : withoutColleagues(data),
    hash: row.hash,
  };
}

/** What the offices say to each other and not to the talent. */
const AMONG_OFFICES: ReadonlySet<string> = new Set([
  'NoteAdded',
  'OpinionRequested',
  'OpinionGiven',
  'RatingAppealed',
  'RatingAppealUpheld',
  'RatingAppealDismissed',
  'ResultSentBack',
]);

function withoutColleagues(data: object): object {
  const { firstContactPerson: _, considered: __, approvedBy: ___, ...rest } = data as Record<string, unknown>;
  return rest;
}

interface Chain {
  readonly verified: boolean;
  /** Events the store holds; more than are listed while the view is behind. */
  readonly events: number;
  /** Hash of the last event that holds. */
  readonly head: string;
  readonly fault?: { readonly revision: string; readonly kind: ChainFault };
}

/** Recomputes the chain from what the store holds, not from what a view says. */
async function verifyStream(reads: Reads, stream: string): Promise<Chain> {
  const verifier = new ChainVerifier();
  let events = 0;
  let fault: Chain['fault'];
  for await (const event of reads.stored(stream)) {
    events++;
    if (fault) continue;
    const { revision, id, type, data } = event;
    const kind = verifier.check({ stream, revision, id, type, data, metadata: event.metadata as EventMetadata });
    if (kind) fault = { revision: revision.toString(), kind };
  }
  return { verified: fault === undefined, events, head: verifier.head, ...(fault ? { fault } : {}) };
}
