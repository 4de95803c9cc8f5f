import {
  type Answer,
  Asked,
  Code,
  Day,
  FreeText,
  list,
  NestedList,
  OneOf,
  object,
  type RequestState,
  Roles,
  Shows,
  YesNo,
} from '@huicai/http';
import { canonicalJson, member, notFound } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { officeDay } from '../calendar/facts.js';
import { Ask, type Found, type Reads, RunCommand } from '../edge.js';
import { ROUTED_SHAPE } from '../routed-shape.js';
import type { TalentCategory } from '../talents/contract.js';
import { WeekdayHoursBody } from '../weekly-hours.bodies.js';
import { MOST_ROUTING_RULES } from './channels.js';
import type { ChannelsCommand, RoutingPriority, RoutingRule } from './contract.js';
import { routeOf, routingInForce } from './facts.js';
import { OFFICE } from './office.js';

const ID = /^[a-z][a-z0-9-]{0,31}$/;
const ITEM = /^\d{2}$/;
const CATEGORIES = ['P1', 'P2', 'P3', 'P4', 'P5', 'M'] as const satisfies readonly TalentCategory[];
const PRIORITIES = ['NORMAL', 'HIGH', 'URGENT'] as const satisfies readonly RoutingPriority[];

export class RoutingRuleBody implements RoutingRule {
  @Code('Item of the service list; any when left out', ITEM, { optional: true })
  readonly itemCode?: string;
  @Code('Area (片区); any when left out', ID, { optional: true })
  readonly area?: string;
  @OneOf(CATEGORIES, 'Category of the talent; any when left out', { optional: true })
  readonly category?: TalentCategory;
  @Code('Department that leads (主办)', ID)
  readonly departmentId!: string;
  @OneOf(PRIORITIES, 'Priority')
  readonly priority!: RoutingPriority;
  @YesNo('By the green channel (绿色通道)')
  readonly fastTrack!: boolean;
}

export class PublishRoutingBody {
  @Day('First day the rules hold; today or later')
  readonly effectiveFrom!: string;
  @NestedList(() => RoutingRuleBody, 'The first that is about a matter decides', MOST_ROUTING_RULES)
  readonly rules!: readonly RoutingRuleBody[];
  @FreeText('Why they change', { max: 1_000 })
  readonly reason!: string;
}

export class ChannelHoursBody {
  @NestedList(() => WeekdayHoursBody, 'Hours; as the office when left out', 7, { optional: true })
  readonly weekly?: readonly WeekdayHoursBody[];
  @Day('First day they hold')
  readonly effectiveFrom!: string;
}

export class DryRunBody {
  @Code('Item of the service list', ITEM)
  readonly itemCode!: string;
  @Code('Area (片区)', ID, { optional: true })
  readonly area?: string;
  @OneOf(CATEGORIES, 'Category of the talent', { optional: true })
  readonly category?: TalentCategory;
  @Day('The day it is asked for; today when left out', { optional: true })
  readonly on?: string;
}

const RULE = { $ref: '#/components/schemas/RoutingRuleBody' };
const ROUTING_SHAPE = object({
  channelId: 'text',
  versions: list(object({ version: 'integer', effectiveFrom: 'day', inForce: 'flag', reason: 'text', rules: list(RULE) })),
});

@ApiTags('channels')
@Controller('channels/:channelId')
export class RoutingController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('routing')
  @Roles('window', 'department', 'supervisor', 'auditor', 'admin')
  @Shows('Every version of the channel’s routing rules', ROUTING_SHAPE)
  @ApiOperation({ summary: 'Routing rules of a channel (派单规则), with which are in force' })
  read(@Asked() request: RequestState, @Param('channelId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['service_network'], (reads) => routingPage(reads, id)));
  }

  @Post('routing')
  @HttpCode(200)
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Publishes the next version of a channel’s routing rules, from a day on' })
  publish(@Asked() request: RequestState, @Param('channelId') id: string, @Body() body: PublishRoutingBody): Promise<Answer> {
    return this.send(request, id, { type: 'PublishRoutingRules', data: { channelId: id, ...body } });
  }

  @Post('routing/dry-run')
  @HttpCode(200)
  @Roles('window', 'department', 'supervisor', 'auditor', 'admin')
  @Shows('Where such a matter would go, and why', ROUTED_SHAPE)
  @ApiOperation({ summary: 'Says where a matter would go (派单试算): which version, which rule, and why others did not match' })
  dryRun(@Asked() request: RequestState, @Param('channelId') id: string, @Body() body: DryRunBody): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['service_network'], (reads) => dryRunPage(reads, id, body)));
  }

  @Put('hours')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Sets the hours of a channel from a day on' })
  hours(@Asked() request: RequestState, @Param('channelId') id: string, @Body() body: ChannelHoursBody): Promise<Answer> {
    const { weekly = null, effectiveFrom } = body;
    return this.send(request, id, { type: 'SetChannelHours', data: { channelId: id, weekly, effectiveFrom } });
  }

  private send(request: RequestState, id: string, command: ChannelsCommand): Promise<Answer> {
    const also = (events: readonly { readonly data: object }[]) => {
      const { version } = events[0]!.data as { version?: number };
      return version === undefined ? {} : { version };
    };
    return this.commands.execute(
      new RunCommand(request, { id: () => id, also }, async ({ gateway, caller, meta }) => {
        const commandHash = await gateway.vault.commandHash(canonicalJson(command.data), null);
        return gateway.send({ aggregate: 'channels', id: OFFICE, command, caller, context: { ...meta, commandHash } });
      }),
    );
  }
}

async function networkWith({ directory }: Reads, channelId: string) {
  const network = await directory.network();
  if (!member(network.channels, channelId)) throw notFound('channel-not-found', { params: { id: channelId } });
  return network;
}

async function routingPage(reads: Reads, channelId: string): Promise<Found> {
  const network = await networkWith(reads, channelId);
  const inForce = routingInForce(network, channelId, officeDay(reads.now));
  const versions = (member(network.routing, channelId) ?? []).map((one) => ({ ...one, inForce: one === inForce }));
  return { movesOn: true, body: { channelId, versions } };
}

async function dryRunPage(reads: Reads, channelId: string, asked: DryRunBody): Promise<Found> {
  const network = await networkWith(reads, channelId);
  const { itemCode, area = null, category = null, on = officeDay(reads.now) } = asked;
  return { movesOn: true, body: { on, ...routeOf(network, { channelId, itemCode, area, category }, on) } };
}
