import { type Answer, Asked, Id, type RequestState, Roles, Shows } from '@huicai/http';
import { formatInstant } from '@huicai/working-time';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, RunCommand } from '../../edge.js';
import { checkId, existing } from '../calendar.api.js';
import type { CalendarEvent } from '../contract.js';
import { type AppliedChange, OFFICE_ZONE } from '../facts.js';
import { ApplyChangeBody, CHANGES_SHAPE, PREVIEW_SHAPE, PreviewChangeBody, UndoChangeBody } from './changes.bodies.js';
import { applyCalendarChange, undoCalendarChange } from './changes.intake.js';
import { previewChange, supposedChange } from './preview.js';

const at = (instant: number): string => formatInstant(instant, OFFICE_ZONE);

/** In the order they were applied. */
export function shownChanges({ changes = [] }: { readonly changes?: readonly AppliedChange[] }): object {
  const items = changes.map(({ changeId, appliedAt, undone, ...change }) => ({
    id: changeId,
    ...change,
    appliedAt: at(appliedAt),
    undone: undone && { ...undone, at: at(undone.at) },
  }));
  return { items };
}

@ApiTags('calendars')
@Controller('calendars/:calendarId/changes')
export class CalendarChangesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor', 'admin')
  @Shows('Changes in the order they were applied', CHANGES_SHAPE)
  @ApiOperation({ summary: 'Newer versions of the calendar that were put on clocks that ran' })
  list(@Asked() request: RequestState, @Param('calendarId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, [], async ({ calendar }) => {
        return { body: shownChanges(await existing(calendar, id)) };
      }),
    );
  }

  @Post('preview')
  @HttpCode(200)
  @Roles('admin', 'supervisor')
  @Shows('Clocks that have not stopped, and which of them would move', PREVIEW_SHAPE)
  @ApiOperation({ summary: 'Which clocks a change would move, from when to when; nothing is recorded' })
  preview(@Asked() request: RequestState, @Param('calendarId') id: string, @Body() body: PreviewChangeBody): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['service_queue'], async (reads) => {
        const [calendar, { policy }] = await Promise.all([existing(reads.calendar, id), reads.timeOf([])]);
        const supposed = supposedChange(calendar, id, body, reads.now);
        return { body: await previewChange(reads, id, { calendar, policy }, { calendar: supposed, policy }) };
      }),
    );
  }

  @Post()
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Puts a newer version on clocks that run; who does so answers for it' })
  apply(@Asked() request: RequestState, @Param('calendarId') id: string, @Body() body: ApplyChangeBody): Promise<Answer> {
    checkId(id);
    const outcome: Outcome = {
      id: ({ events: [event] }) => (event as unknown as Extract<CalendarEvent, { type: 'CalendarChangeApplied' }>).data.changeId,
      location: () => `/api/v1/calendars/${id}/changes`,
    };
    return this.commands.execute(new RunCommand(request, outcome, (side) => applyCalendarChange(side, id, body)));
  }

  @Post(':changeId/undo')
  @HttpCode(200)
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Takes a change back: clocks go by what they went by without it' })
  undo(
    @Asked() request: RequestState,
    @Param('calendarId') id: string,
    @Id('changeId') changeId: string,
    @Body() body: UndoChangeBody,
  ): Promise<Answer> {
    checkId(id);
    return this.commands.execute(
      new RunCommand(request, { id: () => changeId }, (side) => undoCalendarChange(side, id, changeId, body)),
    );
  }
}
