import {
  type Answer,
  ApiParameters,
  Asked,
  answer,
  badInput,
  FreeText,
  list,
  NoBody,
  numberParameter,
  object,
  oneOf,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  textParameter,
  wholeNumber,
} from '@huicai/http';
import { notFound } from '@huicai/kernel';
import { askForRetry, askForSkip, type DeadLetter, findDeadLetter, listDeadLetters, waitForRequest } from '@huicai/projections';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { callerOf } from '../http/request-state.js';
import { Parts } from '../parts.js';

export class SkipBody {
  @FreeText('Why the event is passed over; kept in clear, so without names or numbers of persons', { max: 500 })
  readonly reason!: string;
}

const STATES = ['failed', 'queued'] as const;

const LETTERS = {
  projection: textParameter(pattern(/^[a-z][a-z0-9_]{0,62}$/, 'code-invalid'), 'Only of this projection'),
  state: textParameter<DeadLetter['state']>(oneOf(STATES), '`failed`: at the head of its partition; `queued`: behind one', {
    enum: STATES,
  }),
  after: textParameter(pattern(/^\d{1,18}$/, 'cursor-invalid'), 'Id of the last letter of the page before'),
  limit: numberParameter(wholeNumber(1, 200), 'Letters in a page; 50 unless told'),
} as const;

const LETTER_SHAPE = object({
  id: 'bigint',
  projection: 'text',
  schema: 'text',
  partition: 'text',
  state: 'text',
  error: 'text?',
  attempts: 'integer',
  type: 'text',
  eventId: 'uuid',
  stream: 'text',
  revision: 'bigint',
  position: 'bigint',
  firstAt: 'instant',
  lastAt: 'instant',
});

const REQUEST_SHAPE = object({ id: 'bigint', kind: 'text', outcome: 'text?', solved: 'integer?', remaining: 'integer?' });
const OUTCOMES =
  'done, still-failing, gone, not-followed, folded-elsewhere, being-rebuilt or error; `solved` events are no longer missing, `remaining` still are';

/** Events that projections could not take: what they are, and what is to be done about them. The worker that leads does it. */
@ApiTags('admin')
@Controller('admin/dead-letters')
export class DeadLettersController {
  constructor(private readonly parts: Parts) {}

  @Get()
  @Roles('admin')
  @ApiParameters(LETTERS)
  @Shows('A page of letters, oldest first; `next` is null on the last', object({ items: list(LETTER_SHAPE), next: 'bigint?' }))
  @ApiOperation({ summary: 'Events that projections could not take, and those that wait behind them' })
  async list(@Query() query: Record<string, unknown>): Promise<Answer> {
    const { limit = 50, ...wanted } = readParameters(LETTERS, query);
    const found = await listDeadLetters(this.parts.system.pool, { ...wanted, limit: limit + 1 });
    const page = found.slice(0, limit);
    return answer({ items: page.map(shown), next: found.length > limit ? page.at(-1)!.id : null });
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Roles('admin')
  @Shows(`What came of it: ${OUTCOMES}`, REQUEST_SHAPE)
  @ApiAcceptedResponse({ description: 'The worker has not got to it yet', schema: REQUEST_SHAPE as never })
  @ApiOperation({ summary: 'Folds again what waits in the partition of a letter, in order' })
  async retry(@Asked() request: RequestState, @Param('id') id: string, @Body() _: NoBody): Promise<Answer> {
    const { projection } = await this.letter(id);
    return this.outcome(await askForRetry(this.parts.system.pool, { projection, letter: id }, callerOf(request).id));
  }

  @Post(':id/skip')
  @HttpCode(200)
  @Roles('admin')
  @Shows(`What came of it: ${OUTCOMES}`, REQUEST_SHAPE)
  @ApiAcceptedResponse({ description: 'The worker has not got to it yet', schema: REQUEST_SHAPE as never })
  @ApiOperation({ summary: 'Passes an event over for good, in every rebuild of the projection too, and goes on behind it' })
  async skip(@Asked() request: RequestState, @Param('id') id: string, @Body() { reason }: SkipBody): Promise<Answer> {
    const { projection } = await this.letter(id);
    return this.outcome(await askForSkip(this.parts.system.pool, { projection, letter: id }, reason, callerOf(request).id));
  }

  private async letter(id: string): Promise<DeadLetter> {
    if (!/^\d{1,18}$/.test(id)) throw badInput('code-invalid', 'id');
    const found = await findDeadLetter(this.parts.system.pool, id);
    if (!found) throw notFound('dead-letter-not-found');
    return found;
  }

  private async outcome(requestId: string): Promise<Answer> {
    const { system, readWaitMs } = this.parts;
    const { id, kind, outcome, solved, remaining } = await waitForRequest(system.pool, requestId, readWaitMs);
    return answer({ id, kind, outcome, solved, remaining }, { status: outcome === null ? 202 : 200 });
  }
}

const shown = ({ position, revision, firstAt, lastAt, ...letter }: DeadLetter) => ({
  ...letter,
  position: position.toString(),
  revision: revision.toString(),
  firstAt: firstAt.toISOString(),
  lastAt: lastAt.toISOString(),
});
