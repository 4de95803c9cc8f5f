import { type Answer, Asked, Id, type RequestState, Roles, Shows } from '@huicai/http';
import { notFound } from '@huicai/kernel';
import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { officeDay } from '../calendar/facts.js';
import { routeOf } from '../channels/facts.js';
import { Ask, type Found, type Reads } from '../edge.js';
import { ROUTED_SHAPE } from '../routed-shape.js';
import { refuseForeignCase } from '../visibility.js';

@ApiTags('cases')
@Controller()
export class CaseRoutingController {
  constructor(private readonly queries: QueryBus) {}

  @Get('cases/:caseId/routing')
  @Roles('window', 'supervisor', 'auditor')
  @Shows('Where the case would be dispatched now, and why', ROUTED_SHAPE)
  @ApiOperation({ summary: 'The department the routing rules propose for a case (派单建议)' })
  read(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['case_detail', 'talents', 'service_network'], (reads) => proposal(reads, id), { case_detail: id }),
    );
  }
}

async function proposal(reads: Reads, caseId: string): Promise<Found> {
  const { directory } = reads;
  const facts = await directory.caseFacts(caseId);
  if (!facts) throw notFound('case-not-found');
  await refuseForeignCase(reads, facts);
  const [network, talent] = await Promise.all([directory.network(), directory.talent(facts.talentId)]);
  const { channelId, itemCode, area } = facts;
  const on = officeDay(reads.now);
  const routed = routeOf(network, { channelId, itemCode, area, category: talent?.facts.category ?? null }, on);
  return { movesOn: true, body: { on, ...routed } };
}
