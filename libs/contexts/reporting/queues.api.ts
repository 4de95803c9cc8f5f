import {
  type Answer,
  ApiParameters,
  Asked,
  badInput,
  Label,
  list,
  object,
  type RequestState,
  Roles,
  readParameters,
  Shows,
} from '@huicai/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Found, type Reads } from '../edge.js';
import { talentsMeant } from './queue-search.pages.js';
import { QUEUE, QUEUE_SHAPE, queuePage, queuesOf, READERS, scopeOf } from './queues.pages.js';
import { QUEUES } from './views/queues.js';
import { countQueues } from './views/service-queue.queries.js';

const QUEUES_SHAPE = object({ items: list(object({ name: 'text', title: 'text', total: 'integer' })) });

export class SearchCasesBody {
  @Label('Full name of the talent', 50, { optional: true })
  readonly name?: string;
  @Label('Phone number', 30, { optional: true })
  readonly phone?: string;
  @Label('Number of the identity document', 30, { optional: true })
  readonly documentNumber?: string;
  @Label('Number of a talent card', 30, { optional: true })
  readonly cardNumber?: string;
}

@ApiTags('reporting')
@Controller()
export class QueuesController {
  constructor(private readonly queries: QueryBus) {}

  @Get('queue')
  @Roles(...READERS)
  @ApiParameters(QUEUE)
  @Shows('A page of the queue; `total` is exact, and null where more than `atLeast` were found by a filter', QUEUE_SHAPE)
  @ApiOperation({ summary: 'The service queue, soonest due first, with lights (红黄灯)' })
  queue(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const asked = readParameters(QUEUE, query);
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuePage(reads, asked)));
  }

  @Post('queue/search')
  @HttpCode(200)
  @Roles(...READERS)
  @ApiParameters(QUEUE)
  @Shows('A page of cases of talents of whom this is true today', QUEUE_SHAPE)
  @ApiOperation({
    summary:
      'Finds cases by the talent’s exact name, phone, document number or card number; in the body, so that no URL holds them',
  })
  search(
    @Asked() request: RequestState,
    @Query() query: Record<string, unknown>,
    @Body() body: SearchCasesBody,
  ): Promise<Answer> {
    const asked = readParameters(QUEUE, query);
    const [by, ...others] = Object.entries(body).filter(([, value]) => value !== undefined);
    if (!by || others.length > 0) throw badInput('search-by-one-field', '$');
    return this.queries.execute(
      new Ask(request, ['service_queue', 'talents', 'cards'], async (reads) =>
        queuePage(reads, asked, undefined, { talentIds: await talentsMeant(reads, by[0] as keyof SearchCasesBody, by[1]) }),
      ),
    );
  }

  @Get('queues')
  @Roles(...READERS)
  @Shows('The queues and how many cases stand in each', QUEUES_SHAPE)
  @ApiOperation({ summary: 'The named queues of the desk, with exact counts of what the caller sees' })
  queues(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuesPage(reads)));
  }

  @Get('queues/:name')
  @Roles(...READERS)
  @ApiParameters(QUEUE)
  @Shows('A page of the queue; `total` is exact, and null where more than `atLeast` were found by a filter', QUEUE_SHAPE)
  @ApiOperation({ summary: 'One named queue' })
  namedQueue(
    @Asked() request: RequestState,
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer> {
    const asked = readParameters(QUEUE, query);
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuePage(reads, asked, name)));
  }
}

async function queuesPage(reads: Reads): Promise<Found> {
  const queues = queuesOf(reads);
  const totals = await countQueues(reads.db, await scopeOf(reads), queues, new Date(reads.now));
  const items = queues.map((name, i) => ({ name, title: QUEUES[name][reads.language], total: totals[i] }));
  return { movesOn: true, body: { items } };
}
