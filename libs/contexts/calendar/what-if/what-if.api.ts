import { Readable } from 'node:stream';
import { type Answer, Asked, BadInput, badInput, header, type RequestState, Roles, Shows } from '@huicai/http';
import { type CompiledCalendar, compileCalendar, WorkingTimeError } from '@huicai/working-time';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Ask, type Reads } from '../../edge.js';
import { nextVersion } from '../calendar.intake.js';
import type { CalendarVersionData } from '../contract.js';
import { calendarVersionOf, compiledVersion, startOfOfficeDay } from '../facts.js';
import { calendarFault } from '../faults.js';
import type { PauseRule, Supposition } from './judge.js';
import type { ClockChoice, Step } from './replay.js';
import { replayClocks } from './replay.js';
import { type OtherCalendarBody, WHAT_IF_SHAPE, WhatIfBody } from './what-if.bodies.js';

const OFFICE_CALENDAR = 'cn-lanshan';
const DAY_MS = 86_400_000;

@ApiTags('working-time')
@Controller('sla')
export class WhatIfController {
  constructor(private readonly queries: QueryBus) {}

  @Post('what-if')
  @HttpCode(200)
  @Roles('supervisor', 'auditor', 'admin')
  @ApiProduces('application/json', 'application/x-ndjson')
  @Shows('Breaches as it was and as it would be; as application/x-ndjson lines of progress come first', WHAT_IF_SHAPE)
  @ApiOperation({
    summary: 'Judges the clocks of a period under other limits, another calendar or pause rule; nothing is recorded',
  })
  whatIf(@Asked() request: RequestState, @Body() body: WhatIfBody): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['sla_cycles', 'talents'], async (reads) => {
        const steps = replayClocks(reads, choiceOf(body), await suppositionOf(body, reads));
        if (/\bapplication\/x-ndjson\b/i.test(header(request, 'accept') ?? ''))
          return { body: Readable.from(linesOf(steps)), type: 'application/x-ndjson; charset=utf-8' };
        return { body: await lastOf(steps) };
      }),
    );
  }
}

/** @throws BadInput `period-reversed` */
function choiceOf({ from, to, clocks }: WhatIfBody): ClockChoice {
  if (from > to) throw badInput('period-reversed', 'from');
  const next = new Date(Date.parse(`${to}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  return { from: startOfOfficeDay(from), until: startOfOfficeDay(next), kinds: clocks };
}

/** @throws BadInput `nothing-supposed`, and what is wrong with a part */
async function suppositionOf({ limits, calendar, pauses }: WhatIfBody, reads: Reads): Promise<Supposition> {
  if (!limits && !calendar && !pauses) throw badInput('nothing-supposed', 'limits');
  return {
    limits,
    ...(calendar ? { calendar: await calendarSupposed(calendar, reads) } : {}),
    ...(pauses ? { pauses: pauseRuleOf(pauses) } : {}),
  };
}

function pauseRuleOf({ rule, maxWorkingDays }: NonNullable<WhatIfBody['pauses']>): PauseRule {
  if (rule !== 'CAPPED') {
    if (maxWorkingDays !== undefined) throw badInput('unknown-field', 'pauses.maxWorkingDays');
    return { rule };
  }
  if (maxWorkingDays === undefined) throw badInput('field-required', 'pauses.maxWorkingDays');
  return { rule, maxWorkingDays };
}

async function calendarSupposed({ version, days }: OtherCalendarBody, reads: Reads): Promise<CompiledCalendar> {
  if ((version === undefined) === (days === undefined)) throw badInput('calendar-said-twice', 'calendar.days');
  const known = await reads.calendar(OFFICE_CALENDAR);
  if (days) return noticeSupposed(() => nextVersion(OFFICE_CALENDAR, known, { days }));
  if (version! > known.versions.length) throw badInput('calendar-version-not-found', 'calendar.version');
  return compiledVersion(known, version!);
}

/** Tells faults where the caller wrote them. */
function noticeSupposed(make: () => CalendarVersionData): CompiledCalendar {
  try {
    return compileCalendar(calendarVersionOf(make()));
  } catch (error) {
    if (error instanceof BadInput) {
      const [first, ...more] = error.errors.map((each) => ({ ...each, field: `calendar.${each.field}` }));
      throw new BadInput([first!, ...more]);
    }
    if (error instanceof WorkingTimeError) throw badInput(calendarFault(error.code), `calendar.${error.field}`);
    throw error;
  }
}

async function lastOf(steps: AsyncIterable<Step>): Promise<object> {
  for await (const step of steps) if ('result' in step) return step.result;
  throw new Error('A replay ended without a result');
}

async function* linesOf(steps: AsyncIterable<Step>): AsyncGenerator<string> {
  for await (const step of steps) yield `${JSON.stringify(step)}\n`;
}
