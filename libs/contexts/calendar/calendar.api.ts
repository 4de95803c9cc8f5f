import { type Answer, Asked, badInput, type RequestState, Roles, Shows } from '@huicai/http';
import { notFound } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, RunCommand } from '../edge.js';
import { CALENDAR_SHAPE, CALENDAR_VERSION_SHAPE, PublishCalendarVersionBody } from './calendar.bodies.js';
import { publishCalendarVersion } from './calendar.intake.js';
import type { CalendarEvent } from './contract.js';
import { CALENDAR_ID } from './deadline.bodies.js';
import { type CalendarFacts, calendarDataOf, type KnownCalendarVersion, OFFICE_ZONE } from './facts.js';

const READERS = ['talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin'] as const;

@ApiTags('calendars')
@Controller('calendars/:calendarId')
export class CalendarsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Roles(...READERS)
  @Shows('The calendar; ETag is the revision of its last version or change', CALENDAR_SHAPE)
  @ApiOperation({ summary: 'A calendar of working time (工作日历) and its versions, each with since when it was known' })
  read(@Asked() request: RequestState, @Param('calendarId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, [], async ({ calendar }) => {
        const { versions, changes = [] } = await existing(calendar, id);
        const undone = changes.filter((change) => change.undone).length;
        return { revision: String(versions.length + changes.length + undone - 1), body: { id, versions: versions.map(headOf) } };
      }),
    );
  }

  @Get('versions/:version')
  @Roles(...READERS)
  @Shows('The version', CALENDAR_VERSION_SHAPE)
  @ApiOperation({ summary: 'One version of a calendar in full: week, holidays, make-up working days (调休)' })
  readVersion(
    @Asked() request: RequestState,
    @Param('calendarId') id: string,
    @Param('version') version: string,
  ): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, [], async ({ calendar }) => {
        const { versions } = await existing(calendar, id);
        const found = /^[1-9]\d{0,8}$/.test(version) ? versions[Number(version) - 1] : undefined;
        if (!found) throw notFound('calendar-version-not-found', { field: 'version' });
        return { body: inFull(found) };
      }),
    );
  }

  @Post('versions')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Publishes the next version: a holiday notice as a list of days or as CSV, or a calendar in full' })
  publish(
    @Asked() request: RequestState,
    @Param('calendarId') id: string,
    @Body() body: PublishCalendarVersionBody,
  ): Promise<Answer> {
    checkId(id);
    const outcome: Outcome = {
      id: () => id,
      location: () => `/api/v1/calendars/${id}`,
      also: ([event]) => ({
        version: (event as Extract<CalendarEvent, { type: 'CalendarVersionPublished' }>).data.calendar.version,
      }),
    };
    return this.commands.execute(new RunCommand(request, outcome, (side) => publishCalendarVersion(side, id, body)));
  }
}

/** @throws BadInput `code-invalid` */
export function checkId(id: string): void {
  if (!CALENDAR_ID.test(id)) throw badInput('code-invalid', 'calendarId');
}

/** @throws Refusal `calendar-not-found`; BadInput `code-invalid` */
export async function existing(calendar: (id: string) => Promise<CalendarFacts>, id: string): Promise<CalendarFacts> {
  checkId(id);
  const facts = await calendar(id);
  if (facts.versions.length === 0) throw notFound('calendar-not-found', { field: 'calendarId' });
  return facts;
}

const headOf = ({ version, zone, publishedYears, announcedAt, knownSince }: KnownCalendarVersion) => ({
  version,
  zone,
  publishedYears,
  announcedAt: announcedAt ?? null,
  knownSince: formatInstant(knownSince, OFFICE_ZONE),
});

function inFull(version: KnownCalendarVersion) {
  const { weekly, statutoryDays, exceptions } = calendarDataOf(version);
  return { ...headOf(version), weekly, statutoryDays, exceptions };
}
