import { HuicaiSystem } from '@huicai/composition';
import { ConfigurationError, type Connections, resolveConnections, resolveSettings } from '@huicai/runtime';
import { ForeignEventsError, type SeedResult, SeedRunningError, seedYear, YearClock } from '@huicai/seed';
import { WorkingTimeError } from '@huicai/working-time';
import { Progress, type ProgressOutput } from './seed-progress.js';

export interface SeedOptions {
  readonly seed?: number;
  /** Last day of the year, YYYY-MM-DD. */
  readonly anchor?: string;
  readonly quiet?: boolean;
  /** Only where it belongs: on a store with other work, or a year that is complete, nothing is done and nothing said. */
  readonly auto?: boolean;
  /** Environment to read the settings from; default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default standard output, and standard error for what went wrong. */
  readonly output?: ProgressOutput;
  readonly errors?: ProgressOutput;
}

/** A year is sent by one process, one command after the other. */
const CONNECTIONS = 4;

/**
 * Plays the reference year into the running embedded system, or goes on with one that was cut off.
 *
 * @returns the process's exit code: 0 when the year is complete, 2 when it can not be played as asked, 1 when it failed
 */
export async function seedCommand(options: SeedOptions = {}): Promise<number> {
  const { output = process.stdout, errors = process.stderr } = options;
  try {
    const connections = embeddedConnections(options.env ?? process.env);
    const { status, origin, outcome } = await play(connections, options, output);
    const { talents, cards, cases, commands } = outcome;
    const what = `${talents} talents, ${cards} cards, ${cases} cases, ${commands} commands`;
    if (status === 'complete') {
      if (!options.auto) output.write(`The year to ${origin.anchor} (seed ${origin.seed}) has been played before: ${what}.\n`);
    } else if (!options.quiet) output.write(`The year to ${origin.anchor} (seed ${origin.seed}) is complete: ${what}.\n`);
    return 0;
  } catch (error) {
    if (options.auto && error instanceof ForeignEventsError) return 0;
    errors.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return isRefusal(error) ? 2 : 1;
  }
}

/** What can not be played as asked, however often. */
function isRefusal(error: unknown): boolean {
  const kinds = [ConfigurationError, ForeignEventsError, SeedRunningError, RangeError, WorkingTimeError];
  return kinds.some((kind) => error instanceof kind);
}

function embeddedConnections(env: NodeJS.ProcessEnv): Connections {
  if (resolveSettings(env).mode !== 'embedded')
    throw new ConfigurationError(
      'The reference year is made-up data for the embedded system; it is not played into the servers that DATABASE_URL, EVENTSTORE_URL or HUICAI_HOST name.',
    );
  return resolveConnections(env);
}

async function play(connections: Connections, options: SeedOptions, output: ProgressOutput): Promise<SeedResult> {
  const { databaseUrl, eventStoreUrl, kekFile } = connections;
  const clock = new YearClock();
  const system = await HuicaiSystem.open({
    databaseUrl,
    eventStoreUrl,
    kekFile,
    clock,
    maxConnections: CONNECTIONS,
    attempt: () => 'seed',
  });
  const progress = new Progress(output, 'reference year');
  try {
    return await seedYear({
      system,
      clock,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.anchor === undefined ? {} : { anchor: options.anchor }),
      ...(options.quiet
        ? {}
        : {
            onBegin: ({ seed, anchor }, resumed) =>
              output.write(`${resumed ? 'Going on with' : 'Playing'} the reference year to ${anchor} (seed ${seed})\n`),
            onStep: (done: number, of: number) => progress.show(done, of),
          }),
    });
  } finally {
    progress.end();
    await system.close();
  }
}
