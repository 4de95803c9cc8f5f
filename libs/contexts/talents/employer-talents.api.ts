import {
  type Answer,
  ApiParameters,
  Asked,
  badInput,
  cursorOf,
  isCursorInstant,
  isUuid,
  list,
  numberParameter,
  object,
  type RequestState,
  Roles,
  readCursor,
  readParameters,
  Shows,
  textParameter,
  wholeNumber,
} from '@huicai/http';
import { forbidden, streamName } from '@huicai/kernel';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Found, type Reads } from '../edge.js';
import { talentsOfEmployer } from './views/talents.view.js';

const PAGE = {
  limit: numberParameter(wholeNumber(1, 200), 'Talents on a page, 50 unless told'),
  cursor: textParameter(() => undefined, '`next` of the page before'),
};

const SHAPE = object({
  items: list(object({ id: 'uuid', name: 'text?', category: 'text', engagement: 'text' })),
  next: 'text?',
});

@ApiTags('employers')
@Controller('employer/talents')
export class EmployerTalentsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Roles('employer')
  @ApiParameters(PAGE)
  @Shows('A page of talents, in the order they were registered', SHAPE)
  @ApiOperation({ summary: 'Talents the caller’s employer is the employer of record of, for whom it may register matters' })
  list(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { limit = 50, cursor } = readParameters(PAGE, query);
    return this.queries.execute(new Ask(request, ['talents'], (reads) => ownTalents(reads, limit, cursor)));
  }
}

async function ownTalents(reads: Reads, limit: number, cursor: string | undefined): Promise<Found> {
  const { employerId } = reads.caller;
  if (employerId === undefined) throw forbidden('employer-unknown');
  const place =
    cursor === undefined ? undefined : readCursor(cursor, { registeredAt: /^\d{4}-.*Z$/, talentId: /^[0-9a-f-]{36}$/ });
  if (place && !(isUuid(place.talentId) && isCursorInstant(place.registeredAt))) throw badInput('cursor-invalid', 'cursor');
  const rows = await talentsOfEmployer(reads.db, employerId, limit + 1, place);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const items = await Promise.all(
    shown.map(async ({ talent_id: id, facts: { name, category, engagement } }) => {
      const clear = await reads.open<{ name: string }>(
        { name },
        { expected: `${streamName('talent', id)}/`, resource: `talents/${id}` },
      );
      return { id, name: clear.name, category, engagement };
    }),
  );
  const next = last ? cursorOf({ registeredAt: last.registered_at.toISOString(), talentId: last.talent_id }) : null;
  return { body: { items, next } };
}
