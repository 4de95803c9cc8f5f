import {
  type Answer,
  ApiParameters,
  Asked,
  answer,
  badInput,
  FreeText,
  Id,
  list,
  NoBody,
  nullable,
  numberParameter,
  object,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  textParameter,
  wholeNumber,
} from '@huicai/http';
import { invalid, notFound } from '@huicai/kernel';
import { listFailures, ReactionRequestError, reactionStatus, retryFailure, skipFailure } from '@huicai/reactions';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { callerOf } from '../http/request-state.js';
import { Parts } from '../parts.js';

export class SkipReactionBody {
  @FreeText('Why the event is left unhandled; kept in clear, so without names or numbers of persons', { max: 500 })
  readonly reason!: string;
}

const EVENTS = {
  after: textParameter(pattern(/^\d{1,18}$/, 'cursor-invalid'), 'Position of the last event of the page before'),
  limit: numberParameter(wholeNumber(1, 200), 'Events in a page; 50 unless told'),
} as const;

const STATUS_SHAPE = object({
  name: 'text',
  position: 'bigint?',
  stopped: 'text?',
  updatedAt: 'instant',
  retrying: 'integer',
  waiting: 'integer',
  parked: 'integer',
  skipped: 'integer',
  oldestAt: 'instant?',
});

const EVENT_SHAPE = object({
  reaction: 'text',
  eventId: 'uuid',
  stream: 'text',
  revision: 'bigint',
  position: 'bigint',
  type: 'text',
  state: 'text',
  attempts: 'integer',
  error: 'text?',
  nextAt: 'instant?',
  notedAt: 'instant',
  triedAt: 'instant?',
  skipped: nullable(object({ reason: 'text', by: 'text', at: 'instant' })),
});

const OUTCOME_SHAPE = object({ eventId: 'uuid', state: 'text' });

/** What reactions could not do, and what is to be done about it. The worker that leads does it. */
@ApiTags('admin')
@Controller('admin/reactions')
export class AdminReactionsController {
  constructor(private readonly parts: Parts) {}

  @Get()
  @Roles('admin')
  @Shows('Every reaction a worker has known', object({ items: list(STATUS_SHAPE) }))
  @ApiOperation({ summary: 'How every reaction stands' })
  async list(): Promise<Answer> {
    return shown({ items: await reactionStatus(this.parts.system.pool) });
  }

  @Get(':name/events')
  @Roles('admin')
  @ApiParameters(EVENTS)
  @Shows('A page of events, oldest first; `next` is null on the last', object({ items: list(EVENT_SHAPE), next: 'bigint?' }))
  @ApiOperation({ summary: 'Events a reaction could not handle, those that wait behind them, and those that were skipped' })
  async events(@Param('name') name: string, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { limit = 50, after } = readParameters(EVENTS, query);
    const reaction = await this.known(name);
    const wanted = { reaction, skipped: true, limit: limit + 1, ...(after === undefined ? {} : { after }) };
    const found = await listFailures(this.parts.system.pool, wanted);
    const page = found.slice(0, limit);
    return shown({ items: page, next: found.length > limit ? page.at(-1)!.position : null });
  }

  @Post(':name/events/:eventId/retry')
  @HttpCode(200)
  @Roles('admin')
  @Shows('How the event stands now: retrying, parked, skipped or done', OUTCOME_SHAPE)
  @ApiOperation({ summary: 'Lets the worker try an event again; those of its stream that wait behind it follow' })
  async retry(@Param('name') name: string, @Id('eventId') eventId: string, @Body() _: NoBody): Promise<Answer> {
    const reaction = await this.known(name);
    return this.after(reaction, eventId, (db) => retryFailure(db, reaction, eventId));
  }

  @Post(':name/events/:eventId/skip')
  @HttpCode(200)
  @Roles('admin')
  @Shows('How the event stands now: retrying, parked, skipped or done', OUTCOME_SHAPE)
  @ApiOperation({ summary: 'Leaves an event unhandled for good; those of its stream that wait behind it go on' })
  async skip(
    @Asked() request: RequestState,
    @Param('name') name: string,
    @Id('eventId') eventId: string,
    @Body() { reason }: SkipReactionBody,
  ): Promise<Answer> {
    const reaction = await this.known(name);
    const by = callerOf(request).id;
    return this.after(reaction, eventId, (db) => skipFailure(db, reaction, eventId, { reason, by }));
  }

  private async known(name: string): Promise<string> {
    if (!/^[a-z0-9-]{1,200}$/.test(name)) throw badInput('code-invalid', 'name');
    const found = (await reactionStatus(this.parts.system.pool)).find((one) => one.name === name);
    if (!found) throw notFound('reaction-not-found');
    return name;
  }

  private async after(
    reaction: string,
    eventId: string,
    change: (db: Parts['system']['pool']) => Promise<void>,
  ): Promise<Answer> {
    const { pool } = this.parts.system;
    try {
      await change(pool);
    } catch (error) {
      if (!(error instanceof ReactionRequestError)) throw error;
      throw error.why === 'waiting' ? invalid('reaction-event-waits', 'eventId') : notFound('reaction-event-not-found');
    }
    const [event] = await listFailures(pool, { reaction, eventId, skipped: true });
    // The worker may have been quicker than this look.
    return shown({ eventId, state: event?.state ?? 'done' });
  }
}

const shown = (body: object): Answer => answer(JSON.parse(JSON.stringify(body)), { headers: { 'cache-control': 'no-store' } });
