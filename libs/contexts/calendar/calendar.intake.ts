import { BadInput, badInput } from '@huicai/http';
import { type CommandResult, canonicalJson, eventTime, streamName } from '@huicai/kernel';
import { type NoticeDay, parseDaysCsv, WorkingTimeError, withNotice, yearOfDays } from '@huicai/working-time';
import type { CommandSide } from '../edge.js';
import type { PublishCalendarVersionBody } from './calendar.bodies.js';
import { publishNext } from './calendar.js';
import type { CalendarCommand, CalendarEvent, CalendarVersionData } from './contract.js';
import { type CalendarFacts, calendarDataOf, foldCalendar, noCalendar } from './facts.js';
import { calendarFault } from './faults.js';

/** Publishes the next version of a calendar. @throws Refusal naming the field of the body */
export async function publishCalendarVersion(
  { gateway, caller, meta }: CommandSide,
  calendarId: string,
  body: PublishCalendarVersionBody,
): Promise<CommandResult> {
  let known: CalendarFacts = noCalendar;
  for await (const event of gateway.events(streamName('calendar', calendarId)))
    known = foldCalendar(known, event as unknown as CalendarEvent, eventTime(event));
  const command: CalendarCommand = { type: 'PublishCalendarVersion', data: { calendar: nextVersion(calendarId, known, body) } };
  // Of what was asked, not of what it came to: a repeat finds a later version and yet is the same request.
  const commandHash = await gateway.vault.commandHash(canonicalJson({ calendarId, ...body }), null);
  return publishNext(() =>
    gateway.send({ aggregate: 'calendar', id: calendarId, command, caller, context: { ...meta, commandHash } }),
  );
}

/** The data of the version that follows what is known. @throws BadInput */
export function nextVersion(calendarId: string, known: CalendarFacts, body: PublishCalendarVersionBody): CalendarVersionData {
  const { days, csv, calendar, announcedAt } = body;
  const said = { days, csv, calendar };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  const [first, second] = given;
  if (!first || second) throw badInput('calendar-said-twice', second?.[0] ?? 'days');
  const announced = announcedAt === undefined ? {} : { announcedAt };
  if (calendar) {
    if (body.year !== undefined) throw badInput('unknown-field', 'year');
    return { calendarId, version: known.versions.length + 1, ...calendar, ...announced };
  }
  const latest = known.versions.at(-1);
  if (!latest) throw badInput('calendar-not-found', first[0]);
  const { knownSince: _, announcedAt: __, ...base } = latest;
  return naming(csv !== undefined, () => {
    const read: readonly NoticeDay[] = csv === undefined ? days! : parseDaysCsv(csv);
    return calendarDataOf(withNotice(base, { year: body.year ?? yearOfDays(read), days: read, ...announced }));
  });
}

/** Tells faults where the caller wrote them: in the list, or on a line of the CSV, whose head is line 1. */
function naming<T>(isCsv: boolean, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof WorkingTimeError)) throw error;
    const field = error.field.replace(/^days(\[(\d+)\])?/, (all, _, i?: string) =>
      !isCsv ? all : i === undefined ? 'csv' : `csv.line[${Number(i) + 2}]`,
    );
    throw new BadInput([{ code: calendarFault(error.code), field }]);
  }
}
