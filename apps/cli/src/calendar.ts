import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { HuicaiSystem } from '@huicai/composition';
import { badInput, type Language, problemOfRefusal, validateBody } from '@huicai/http';
import { Refusal, systemCommandId } from '@huicai/kernel';
import { resolveConnections } from '@huicai/runtime';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PublishCalendarVersionBody } from '../../../libs/contexts/calendar/calendar.bodies.js';
import { publishCalendarVersion } from '../../../libs/contexts/calendar/calendar.intake.js';
import type { CalendarEvent } from '../../../libs/contexts/calendar/contract.js';

interface Options {
  readonly calendar: string;
  readonly year?: number;
  readonly announcedAt?: string;
  readonly lang: Language;
}

const year = (text: string): number => {
  if (!/^\d{4}$/.test(text)) throw new InvalidArgumentError('It must be a year, YYYY.');
  return Number(text);
};

/** Adds `calendar import`. @param open the system to import into, closed afterwards */
export function addCalendar(program: Command, open: () => Promise<HuicaiSystem> = openSystem): void {
  program
    .command('calendar')
    .description('calendars of working time')
    .command('import <file>')
    .description('publish the next version of a calendar from a holiday notice: CSV, or JSON of {date, isOffDay, name}')
    .option('--calendar <id>', 'the calendar', 'cn-lanshan')
    .option('--year <year>', 'year of the notice; may be left out when all its days lie in it', year)
    .option('--announced-at <instant>', 'since when it was known, ISO 8601 with offset')
    .addOption(new Option('--lang <language>', 'language of problems').choices(['zh', 'en']).default('zh'))
    .action(async (file: string, options: Options) => {
      process.exitCode = await importCommand(file, options, open);
    });
}

const openSystem = (): Promise<HuicaiSystem> => HuicaiSystem.open(resolveConnections(process.env));

/** 0 when it is published, or was by the same import before; 1 when it was refused, which is told field by field. */
async function importCommand(file: string, options: Options, open: () => Promise<HuicaiSystem>): Promise<number> {
  const text = await readFile(file, 'utf8');
  const system = await open();
  try {
    const version = await importNotice(system, text, file.toLowerCase().endsWith('.csv'), options);
    process.stdout.write(`${options.calendar}: version ${version} is published.\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { detail, errors } = problemOfRefusal(error, options.lang).body as {
      detail: string;
      errors?: readonly { field: string; detail: string }[];
    };
    const lines = errors?.map((fault) => `${fault.field}: ${fault.detail}`) ?? [detail];
    process.stderr.write(`${lines.join('\n')}\n`);
    return 1;
  } finally {
    await system.close();
  }
}

async function importNotice(
  system: HuicaiSystem,
  text: string,
  isCsv: boolean,
  { calendar, year: ofYear, announcedAt }: Options,
): Promise<number> {
  const body = (await validateBody(PublishCalendarVersionBody, {
    ...(isCsv ? { csv: text.replace(/^\uFEFF/, '') } : { days: daysIn(text) }),
    ...(ofYear === undefined ? {} : { year: ofYear }),
    ...(announcedAt === undefined ? {} : { announcedAt }),
  })) as PublishCalendarVersionBody;
  // The same import again is the same command, and publishes nothing more.
  const digest = createHash('sha256').update(text).digest('hex');
  const commandId = systemCommandId('calendar-import', calendar, digest, String(ofYear ?? ''), announcedAt ?? '');
  const { events } = await publishCalendarVersion(
    {
      gateway: system,
      caller: { id: `cli:${userInfo().username}`, role: 'admin' },
      meta: { commandId, correlationId: commandId },
      firstEvent: async () => undefined,
    },
    calendar,
    body,
  );
  const published = events[0] as unknown as Extract<CalendarEvent, { type: 'CalendarVersionPublished' }>;
  return published.data.calendar.version;
}

/** A list of days, or a year's file of the community with the list under `days`. @throws BadInput `malformed-json` */
function daysIn(text: string): unknown {
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read : (read as { days?: unknown } | null)?.days;
  } catch {
    throw badInput('malformed-json', '$');
  }
}
