import {
  type Answer,
  Asked,
  Code,
  Day,
  Label,
  list,
  OneOf,
  object,
  type RequestState,
  Roles,
  Shows,
  WholeNumber,
} from '@huicai/http';
import { canonicalJson, streamName } from '@huicai/kernel';
import { Body, Controller, Get, Param, Post, Put } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE, officeDay } from '../calendar/facts.js';
import { Ask, type Found, type Outcome, type Reads, RunCommand } from '../edge.js';
import { WEEKLY_SHAPE } from '../weekly-hours.bodies.js';
import { isWithinHours } from '../weekly-hours.js';
import { MOST_RETURN_MINUTES } from './channels.js';
import type { ChannelKind, ChannelsCommand } from './contract.js';
import { type ChannelFacts, channelHours, routingInForce } from './facts.js';
import { OFFICE } from './office.js';
import { readNetwork } from './views/service-network.view.js';

const ID = /^[a-z][a-z0-9-]{0,31}$/;
const KINDS = ['WINDOW', 'HOTLINE', 'ONLINE', 'VISIT', 'EMPLOYER'] as const satisfies readonly ChannelKind[];

export class RegisterDepartmentBody {
  @Code('Short id', ID)
  readonly departmentId!: string;
  @Label('Name of the department (承办单位)', 100)
  readonly name!: string;
}

export class OpenChannelBody {
  @Code('Short id', ID)
  readonly channelId!: string;
  @OneOf(KINDS, 'Kind of channel')
  readonly kind!: ChannelKind;
  @Label('Name of the channel (通道)', 100)
  readonly name!: string;
}

export class RouteItemBody {
  @Code('Item of the service list', /^\d{2}$/)
  readonly itemCode!: string;
  @Code('Department that leads the item (主办)', ID)
  readonly leadDepartmentId!: string;
  @Day('First day of the new routing')
  readonly effectiveFrom!: string;
}

export class ReturnAfterBody {
  @WholeNumber(1, MOST_RETURN_MINUTES, 'Minutes of office time; never when left out', { optional: true })
  readonly workingMinutes?: number;
  @Day('First day it holds')
  readonly effectiveFrom!: string;
}

const NETWORK_SHAPE = object({
  departments: list(object({ id: 'text', name: 'text' })),
  channels: list(
    object({
      id: 'text',
      kind: 'text',
      name: 'text',
      weekly: { ...WEEKLY_SHAPE, type: ['array', 'null'] },
      openNow: 'flag?',
      routingVersion: 'integer?',
    }),
  ),
  routes: list(object({ itemCode: 'text', leadDepartmentId: 'text', effectiveFrom: 'day', routingVersion: 'integer' })),
  returnAfter: list(object({ departmentId: 'text', workingMinutes: 'integer?', effectiveFrom: 'day' })),
  routingVersion: 'integer',
  revision: 'bigint?',
});

@ApiTags('channels')
@Controller()
export class ChannelsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('channels')
  @Roles('talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin')
  @Shows('The network; ETag is its revision', NETWORK_SHAPE)
  @ApiOperation({ summary: 'Departments, green channels (绿色通道) and routing' })
  network(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['service_network'], networkPage));
  }

  @Post('departments')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Registers a department' })
  department(@Asked() request: RequestState, @Body() body: RegisterDepartmentBody): Promise<Answer> {
    return this.make(request, body.departmentId, { type: 'RegisterDepartment', data: body });
  }

  @Post('channels')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Opens a channel' })
  channel(@Asked() request: RequestState, @Body() body: OpenChannelBody): Promise<Answer> {
    return this.make(request, body.channelId, { type: 'OpenChannel', data: body });
  }

  @Post('routes')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Routes an item to a lead department from a day on' })
  route(@Asked() request: RequestState, @Body() body: RouteItemBody): Promise<Answer> {
    return this.make(request, body.itemCode, { type: 'RouteItem', data: body });
  }

  @Put('departments/:departmentId/return-after')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Says after how long without action a case goes back to the queue of its department' })
  returnAfter(
    @Asked() request: RequestState,
    @Param('departmentId') departmentId: string,
    @Body() body: ReturnAfterBody,
  ): Promise<Answer> {
    const { workingMinutes = null, effectiveFrom } = body;
    const data = { departmentId, workingMinutes, effectiveFrom };
    return this.send(request, { type: 'SetReturnAfter', data }, { id: () => departmentId });
  }

  private make(request: RequestState, id: string, command: ChannelsCommand): Promise<Answer> {
    return this.send(request, command, { id: () => id, location: () => '/api/v1/channels' });
  }

  private send(request: RequestState, command: ChannelsCommand, outcome: Outcome): Promise<Answer> {
    return this.commands.execute(
      new RunCommand(request, outcome, async ({ gateway, caller, meta }) => {
        const commandHash = await gateway.vault.commandHash(canonicalJson(command.data), null);
        return gateway.send({ aggregate: 'channels', id: OFFICE, command, caller, context: { ...meta, commandHash } });
      }),
    );
  }
}

async function networkPage({ db, now }: Reads): Promise<Found> {
  const row = await readNetwork(db, streamName('channels', OFFICE));
  if (!row) return { body: { departments: [], channels: [], routes: [], returnAfter: [], routingVersion: 0, revision: null } };
  const { departments, channels, routes, returnAfter, routingVersion } = row.facts;
  return {
    revision: row.revision,
    // Hours and rules come into force with the day.
    movesOn: true,
    body: {
      departments: Object.entries(departments).map(([id, name]) => ({ id, name })),
      channels: Object.entries(channels).map(([id, channel]) => channelEntry(row.facts, id, channel, now)),
      routes: Object.entries(routes).flatMap(([key, decided]) => decided.map((route) => ({ itemCode: key.slice(1), ...route }))),
      returnAfter: Object.entries(returnAfter).flatMap(([departmentId, decided]) =>
        decided.map((one) => ({ departmentId, ...one })),
      ),
      routingVersion,
      revision: row.revision,
    },
  };
}

/** `openNow` is null for a channel that keeps the office's own hours. */
function channelEntry(
  facts: ChannelFacts,
  id: string,
  channel: { readonly kind: ChannelKind; readonly name: string },
  now: number,
) {
  const day = officeDay(now);
  const weekly = channelHours(facts, id, day);
  return {
    id,
    ...channel,
    weekly,
    openNow: weekly && isWithinHours(weekly, now, OFFICE_ZONE),
    routingVersion: routingInForce(facts, id, day)?.version ?? null,
  };
}
