import { type Answer, Asked, FreeText, Id, list, object, type RequestState, Roles, Shows, Uuid } from '@huicai/http';
import { notFound, streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE } from '../calendar/facts.js';
import { Ask, type Found, type Outcome, type Reads, RunCommand } from '../edge.js';
import { type HandOverInput, startHandOver } from './hand-over.intake.js';
import { findHandOver, type HandOverRow } from './views/hand-overs.view.js';

export class HandOverAllBody implements HandOverInput {
  @Uuid('The specialist who takes everything over, of the same department')
  readonly toSpecialistId!: string;
  @FreeText('What whoever takes over has to know')
  readonly note!: string;
}

const SHAPE = object({
  id: 'uuid',
  fromSpecialistId: 'uuid',
  toSpecialistId: 'uuid',
  note: 'text',
  startedAt: 'instant',
  completedAt: 'instant?',
  counts: object({ pending: 'integer', handedOver: 'integer', unchanged: 'integer' }),
  rows: list(object({ kind: 'text', id: 'uuid', result: 'text', at: 'instant?' })),
  revision: 'bigint',
});

@ApiTags('specialists')
@Controller()
export class HandOversController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('specialists/:specialistId/hand-over')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Hands everything a specialist has over to another (整体移交)' })
  start(@Asked() request: RequestState, @Id('specialistId') id: string, @Body() body: HandOverAllBody): Promise<Answer> {
    const outcome: Outcome = {
      id: ({ stream }) => stream.slice('handOver-'.length),
      location: (handOverId) => `/api/v1/hand-overs/${handOverId}`,
      also: ([started]) => {
        const { caseIds, talentIds } = started!.data as { caseIds: string[]; talentIds: string[] };
        return { cases: caseIds.length, talents: talentIds.length };
      },
    };
    return this.commands.execute(
      new RunCommand(request, outcome, ({ gateway, caller, meta }) => startHandOver(gateway, caller, meta, id, body)),
    );
  }

  @Get('hand-overs/:handOverId')
  @Roles('admin', 'supervisor', 'window', 'auditor')
  @Shows('The hand-over with what came of each row: PENDING, HANDED_OVER, or UNCHANGED when it had moved on', SHAPE)
  @ApiOperation({ summary: 'How far a hand-over of everything has got' })
  read(@Asked() request: RequestState, @Id('handOverId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['hand_overs'], (reads) => handOverPage(reads, id), { hand_overs: id }));
  }
}

const at = (instant: number | null): string | null => (instant === null ? null : formatInstant(instant, OFFICE_ZONE));

async function handOverPage(reads: Reads, handOverId: string): Promise<Found> {
  const found = await findHandOver(reads.db, handOverId);
  if (!found) throw notFound('hand-over-not-found');
  const { head, rows } = found;
  const { note } = await reads.open<{ note: string }>(
    { note: head.note },
    { expected: `${streamName('handOver', handOverId)}/`, resource: `hand-overs/${handOverId}` },
  );
  const resultOf = ({ handed_over_at }: HandOverRow) =>
    handed_over_at !== null ? 'HANDED_OVER' : head.completedAt === null ? 'PENDING' : 'UNCHANGED';
  const count = (result: string) => rows.filter((row) => resultOf(row) === result).length;
  return {
    revision: head.revision,
    // Rows are events of other streams.
    movesOn: true,
    body: {
      id: handOverId,
      fromSpecialistId: head.fromSpecialistId,
      toSpecialistId: head.toSpecialistId,
      note,
      startedAt: at(head.startedAt),
      completedAt: at(head.completedAt),
      counts: { pending: count('PENDING'), handedOver: count('HANDED_OVER'), unchanged: count('UNCHANGED') },
      rows: rows.map((row) => ({
        kind: row.kind,
        id: row.subject_id,
        result: resultOf(row),
        at: at(row.handed_over_at?.getTime() ?? null),
      })),
      revision: head.revision,
    },
  };
}
