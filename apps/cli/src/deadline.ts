import { createInterface } from 'node:readline';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FactSources, upcasters } from '@huicai/composition';
import { connectEventStore } from '@huicai/event-store';
import { badInput, type Language, problemOfRefusal, validateBody } from '@huicai/http';
import { Refusal, systemClock } from '@huicai/kernel';
import { ConfigurationError, resolveConnections } from '@huicai/runtime';
import { type Command, Option } from 'commander';
import { DeadlineBody } from '../../../libs/contexts/calendar/deadline.bodies.js';
import { deadlineOf } from '../../../libs/contexts/calendar/deadline.intake.js';
import type { CalendarFacts } from '../../../libs/contexts/calendar/facts.js';
import { shippedCalendar } from '../../../libs/contexts/calendar/shipped.js';

/** Longer lines are refused, as longer bodies are by the API. */
const MOST_CHARACTERS = 256 * 1024;

/** Finds a calendar by its id; one without versions when there is none. */
export type Calendars = (calendarId: string) => Promise<CalendarFacts>;

interface Options {
  readonly shipped?: boolean;
  readonly lang: Language;
}

/** Adds `deadline`. */
export function addDeadline(program: Command): void {
  program
    .command('deadline')
    .description('calculates deadlines: one request a line in, one answer or problem a line out')
    .requiredOption('--ndjson', 'requests and answers as lines of JSON, the only form there is')
    .option('--shipped', 'by the calendars Huicai comes with, whether or not it runs')
    .addOption(new Option('--lang <language>', 'language of problems').choices(['zh', 'en']).default('zh'))
    .action((options: Options) => deadlineCommand(options, process.stdin, process.stdout));
}

/**
 * Answers requests line by line, by the calendars of the system that runs here, or else by those it would start with. A calendar is
 * read once, so that all lines of a run go by the same versions.
 */
async function deadlineCommand({ shipped = false, lang }: Options, input: Readable, output: Writable): Promise<void> {
  const url = shipped ? undefined : runningStore();
  const store = url === undefined ? undefined : connectEventStore(url);
  if (!store && !shipped) process.stderr.write('Huicai does not run here: by the calendars it comes with.\n');
  try {
    const facts = store && new FactSources(store, upcasters);
    const calendars: Calendars = facts ? (id) => facts.calendar(id) : async (id) => shippedCalendar(id);
    const lines = answers(input, onceEach(calendars), systemClock.now(), lang);
    await pipeline(Readable.from(ended(lines)), output, { end: false });
  } catch (error) {
    // Whoever reads has had enough, as `head` has.
    if ((error as { code?: unknown }).code !== 'EPIPE') throw error;
  } finally {
    await store?.close();
  }
}

async function* ended(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

/** Undefined where no system runs; a system that is named and configured wrongly is an error. */
function runningStore(): string | undefined {
  try {
    return resolveConnections(process.env).eventStoreUrl;
  } catch (error) {
    const named = process.env.DATABASE_URL || process.env.EVENTSTORE_URL;
    if (error instanceof ConfigurationError && !named) return undefined;
    throw error;
  }
}

function onceEach(calendars: Calendars): Calendars {
  const known = new Map<string, Promise<CalendarFacts>>();
  return (id) => {
    const found = known.get(id) ?? calendars(id);
    known.set(id, found);
    return found;
  };
}

/**
 * One line of JSON for every line of the input, in order. A line that is refused answers a problem with its number, and the rest
 * goes on; an empty line is a request that is missing.
 *
 * @param now epoch milliseconds
 * @throws whatever reading the input or a calendar throws
 */
export async function* answers(
  input: Readable,
  calendars: Calendars,
  now: number,
  language: Language = 'zh',
): AsyncGenerator<string> {
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    yield JSON.stringify(await answerTo(text, calendars, now).catch((error) => problemOn(line, error, language)));
  }
}

async function answerTo(text: string, calendars: Calendars, now: number): Promise<object> {
  if (text.length > MOST_CHARACTERS) throw badInput('line-too-long', '$', { max: MOST_CHARACTERS });
  const body = (await validateBody(DeadlineBody, parsed(text))) as DeadlineBody;
  return deadlineOf(body, await calendars(body.calendar), now);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput('malformed-json', '$');
  }
}

function problemOn(line: number, error: unknown, language: Language): object {
  if (error instanceof Refusal) return { ...problemOfRefusal(error, language).body, line };
  throw error;
}
