import {
  type Answer,
  ApiParameters,
  Asked,
  badInput,
  flagParameter,
  header,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  textParameter,
} from '@huicai/http';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Ask } from '../edge.js';
import { exportCases } from './queue-export.pages.js';
import { FILTER, READERS } from './queues.pages.js';

const EXPORT = {
  ...FILTER,
  queue: textParameter(pattern(/^[a-z-]{1,32}$/, 'code-invalid'), 'One of the named queues'),
  people: flagParameter('Name and phone of every talent too; `X-Purpose` must say what for, and each is written down as read'),
};

@ApiTags('reporting')
@Controller()
export class QueueExportController {
  constructor(private readonly queries: QueryBus) {}

  @Get('queue/export')
  @Roles(...READERS)
  @ApiParameters(EXPORT)
  @ApiProduces('text/csv')
  @ApiOkResponse({ description: 'UTF-8 with a byte order mark, for spreadsheets; all there are', schema: { type: 'string' } })
  @ApiOperation({ summary: 'Cases as a CSV file, filtered like the queue, however many; sent as it is read' })
  export(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { queue, people = false, ...filter } = readParameters(EXPORT, query);
    if (people && header(request, 'x-purpose') === undefined) throw badInput('purpose-required', 'X-Purpose');
    const asked = { filter, people, ...(queue === undefined ? {} : { queue }) };
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => exportCases(reads, asked)));
  }
}
