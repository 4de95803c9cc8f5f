import { type Answer, Asked, Code, Day, Label, list, OneOf, object, type RequestState, Roles, Shows } from '@huicai/http';
import { canonicalJson, streamName } from '@huicai/kernel';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Found, type Outcome, type Reads, RunCommand } from '../edge.js';
import type { ChannelKind, ChannelsCommand } from './contract.js';
import { readNetwork } from './views/service-network.view.js';

/** The office has one network of departments and channels. */
const OFFICE = 'lanshan';

const ID = /^[a-z][a-z0-9-]{0,31}$/;
const KINDS = ['WINDOW', 'HOTLINE', 'ONLINE', 'VISIT'] as const satisfies readonly ChannelKind[];

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

const NETWORK_SHAPE = object({
  departments: list(object({ id: 'text', name: 'text' })),
  channels: list(object({ id: 'text', kind: 'text', name: 'text' })),
  routes: list(object({ itemCode: 'text', leadDepartmentId: 'text', effectiveFrom: 'day', routingVersion: 'integer' })),
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
    return this.send(request, body.departmentId, { type: 'RegisterDepartment', data: body });
  }

  @Post('channels')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Opens a channel' })
  channel(@Asked() request: RequestState, @Body() body: OpenChannelBody): Promise<Answer> {
    return this.send(request, body.channelId, { type: 'OpenChannel', data: body });
  }

  @Post('routes')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Routes an item to a lead department from a day on' })
  route(@Asked() request: RequestState, @Body() body: RouteItemBody): Promise<Answer> {
    return this.send(request, body.itemCode, { type: 'RouteItem', data: body });
  }

  private send(request: RequestState, id: string, command: ChannelsCommand): Promise<Answer> {
    const outcome: Outcome = { id: () => id, location: () => '/api/v1/channels' };
    return this.commands.execute(
      new RunCommand(request, outcome, async ({ gateway, caller, meta }) => {
        const commandHash = await gateway.vault.commandHash(canonicalJson(command.data), null);
        return gateway.send({ aggregate: 'channels', id: OFFICE, command, caller, context: { ...meta, commandHash } });
      }),
    );
  }
}

async function networkPage({ db }: Reads): Promise<Found> {
  const row = await readNetwork(db, streamName('channels', OFFICE));
  if (!row) return { body: { departments: [], channels: [], routes: [], routingVersion: 0, revision: null } };
  const { departments, channels, routes, routingVersion } = row.facts;
  return {
    revision: row.revision,
    body: {
      departments: Object.entries(departments).map(([id, name]) => ({ id, name })),
      channels: Object.entries(channels).map(([id, channel]) => ({ id, ...channel })),
      routes: Object.entries(routes).flatMap(([key, decided]) => decided.map((route) => ({ itemCode: key.slice(1), ...route }))),
      routingVersion,
      revision: row.revision,
    },
  };
}
