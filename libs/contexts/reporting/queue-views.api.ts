import {
  type Answer,
  ApiParameters,
  Asked,
  FreeText,
  Id,
  Label,
  list,
  NoBody,
  numberParameter,
  OneOf,
  object,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  wholeNumber,
} from '@huicai/http';
import { canonicalJson, createdIdOf, notFound } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Found, type Outcome, type Reads, RunCommand } from '../edge.js';
import type { QueueViewCommand, QueueViewContent, SharedWith } from '../queue-views/contract.js';
import { type SavedView, viewsOf } from '../queue-views/facts.js';
import { queryText, readQuery, SAVED } from './queue-views.intake.js';
import { QUEUE, QUEUE_SHAPE, queuePage, queuesOf, READERS } from './queues.pages.js';
import { QUEUE_NAMES, type QueueName } from './views/queues.js';

const SHARED = ['NOBODY', 'DEPARTMENT', 'EVERYONE'] as const satisfies readonly SharedWith[];

export class QueueViewBody {
  @Label('What it is called; it may be shared, so it tells of no person', 50)
  readonly name!: string;
  @OneOf(QUEUE_NAMES, 'The named queue it looks into; all cases when left out', { optional: true })
  readonly queue?: QueueName;
  @FreeText('Filter and order as a query string of the queue: `light=RED&order=due&dueTo=today%2B7`', {
    optional: true,
    max: 1_000,
  })
  readonly query?: string;
  @OneOf(SHARED, 'Who finds it besides its owner; nobody when left out', { optional: true })
  readonly sharedWith?: SharedWith;
}

const VIEW_SHAPE = object({
  id: 'uuid',
  name: 'text',
  queue: 'text?',
  query: 'text',
  sharedWith: 'text',
  departmentId: 'text?',
  mine: 'flag',
  revision: 'bigint?',
});
const PAGE = { limit: numberParameter(wholeNumber(1, 200), 'Cases on a page, 50 unless told'), cursor: QUEUE.cursor };

@ApiTags('reporting')
@Controller('queue-views')
export class QueueViewsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Roles(...READERS)
  @Shows('Views; `revision` is that of the caller’s own together', object({ items: list(VIEW_SHAPE) }))
  @ApiOperation({ summary: 'The caller’s saved views and those shared with them' })
  list(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['queue_views'], viewsPage));
  }

  @Get(':viewId')
  @Roles(...READERS)
  @Shows('The view; of one’s own, ETag is the revision of all one’s views', VIEW_SHAPE)
  @ApiOperation({ summary: 'One saved view' })
  read(@Asked() request: RequestState, @Id('viewId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['queue_views'], async (reads) => {
        const body = viewEntry(await found(reads, id));
        return { body, ...(body.revision === null ? {} : { revision: body.revision }) };
      }),
    );
  }

  @Get(':viewId/cases')
  @Roles(...READERS)
  @ApiParameters(PAGE)
  @Shows('A page of the cases it finds for the caller, who sees no more by it than without it', QUEUE_SHAPE)
  @ApiOperation({ summary: 'The cases of a saved view' })
  cases(@Asked() request: RequestState, @Id('viewId') id: string, @Query() query: Record<string, unknown>): Promise<Answer> {
    const asked = readParameters(PAGE, query);
    return this.queries.execute(
      new Ask(request, ['service_queue', 'queue_views'], async (reads) => {
        const view = await found(reads, id);
        return queuePage(reads, { ...readParameters(SAVED, view.query), ...asked }, view.queue ?? undefined);
      }),
    );
  }

  @Post()
  @Roles(...READERS)
  @ApiOperation({ summary: 'Keeps a filter of the queue under a name' })
  save(@Asked() request: RequestState, @Body() body: QueueViewBody): Promise<Answer> {
    const data = contentOf(body);
    const outcome: Outcome = {
      id: ({ events: [saved] }) => (saved!.data as { viewId: string }).viewId,
      location: (viewId) => `/api/v1/queue-views/${viewId}`,
    };
    return this.send(request, outcome, (commandId) => ({
      type: 'SaveQueueView',
      data: { ...data, viewId: createdIdOf(commandId, 'queue-view') },
    }));
  }

  @Put(':viewId')
  @Roles(...READERS)
  @ApiOperation({ summary: 'Changes one’s own view: its name, what it looks for, who finds it' })
  change(@Asked() request: RequestState, @Id('viewId') viewId: string, @Body() body: QueueViewBody): Promise<Answer> {
    const data = { ...contentOf(body), viewId };
    return this.send(request, { id: () => viewId }, () => ({ type: 'ChangeQueueView', data }));
  }

  @Post(':viewId/remove')
  @HttpCode(200)
  @Roles(...READERS)
  @ApiOperation({ summary: 'Removes one’s own view' })
  remove(@Asked() request: RequestState, @Id('viewId') viewId: string, @Body() _: NoBody): Promise<Answer> {
    return this.send(request, { id: () => viewId }, () => ({ type: 'RemoveQueueView', data: { viewId } }));
  }

  private send(request: RequestState, outcome: Outcome, commandOf: (commandId: string) => QueueViewCommand): Promise<Answer> {
    return this.commands.execute(
      new RunCommand(request, outcome, async ({ gateway, caller, meta }) => {
        const command = commandOf(meta.commandId);
        const commandHash = await gateway.vault.commandHash(canonicalJson(command), null);
        return gateway.send({
          aggregate: 'queueViews',
          id: viewsOf(caller.id),
          command,
          caller,
          context: { ...meta, commandHash },
        });
      }),
    );
  }
}

const contentOf = ({ name, queue, query = '', sharedWith = 'NOBODY' }: QueueViewBody): QueueViewContent => ({
  name,
  queue: queue ?? null,
  query: readQuery(query, 'query'),
  sharedWith,
});

async function found(reads: Reads, viewId: string): Promise<SavedView> {
  const view = (await reads.directory.queueViews()).find((one) => one.viewId === viewId);
  if (!view) throw notFound('queue-view-not-found');
  return view;
}

const viewEntry = ({ viewId, query, ...view }: SavedView) => ({
  id: viewId,
  ...view,
  query: queryText(query),
  mine: view.revision !== null,
});

async function viewsPage(reads: Reads): Promise<Found> {
  const known: readonly string[] = queuesOf(reads);
  const views = await reads.directory.queueViews();
  // What others made of queues the caller does not have would find nothing.
  return { body: { items: views.filter(({ queue }) => queue === null || known.includes(queue)).map(viewEntry) } };
}
