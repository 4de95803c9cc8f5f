import { allProjections, HuicaiSystem, ourAggregates, rebuildParts, upcasters } from '@huicai/composition';
import {
  type AnyProjection,
  deadLetterCounts,
  diffGenerations,
  dropGeneration,
  eventsBehind,
  fillTogether,
  type Generations,
  RebuildError,
  readGenerations,
  switchBack,
  switchToCandidate,
} from '@huicai/projections';
import { resolveConnections } from '@huicai/runtime';
import { RebuildProgress } from './rebuild-progress.js';
import { causeLine, diffLines } from './rebuild-report.js';
import type { ProgressOutput } from './seed-progress.js';

export interface RebuildOptions {
  /** Every projection; with --diff, --switch, --switch-back and --drop every one for which there is something to be done. */
  readonly all?: boolean;
  readonly diff?: boolean;
  /** The partition whose events are wanted. */
  readonly events?: string;
  readonly switch?: boolean;
  readonly switchBack?: boolean;
  readonly drop?: boolean;
  /** Show the candidate as soon as it is filled. */
  readonly yes?: boolean;
  /** Events per transaction. */
  readonly batch?: number;
  /** Differences of each kind to show. */
  readonly samples?: number;
}

type Registered = readonly [AnyProjection, readonly string[]];

/**
 * Rebuilds read models beside those that are shown, compares them, and shows the ones or the others. Several are filled from one
 * reading of the log. Without further options the candidates are filled and compared, and nobody sees them: what is shown to people
 * changes only when it is asked for.
 *
 * @returns the process's exit code: 0 when all was done, 130 when it was interrupted
 * @throws RebuildError when it can not be done as asked; FoldError naming the event that can not be folded
 */
export async function rebuildCommand(
  names: readonly string[],
  options: RebuildOptions = {},
  output: ProgressOutput = process.stdout,
): Promise<number> {
  const found = options.all ? [...allProjections] : names.map(registered);
  if (found.length === 0 || (options.all && names.length > 0))
    throw new RebuildError('Name projections, or all of them by --all.');
  const asked = [options.diff || options.events !== undefined, options.switch, options.switchBack, options.drop, options.yes];
  if (asked.filter(Boolean).length > 1)
    throw new RebuildError('Only one of --diff (or --events), --switch, --switch-back, --drop and --yes can be done at a time.');
  if (options.events !== undefined && found.length > 1)
    throw new RebuildError('--events shows a partition of one projection: name that one.');
  const system = await HuicaiSystem.open(resolveConnections(process.env));
  try {
    return await new Rebuild(system, options, output).run(found);
  } finally {
    await system.close();
  }
}

function registered(name: string): Registered {
  const found = [...allProjections].find(([projection]) => projection.name === name);
  if (found) return found;
  throw new RebuildError(
    `No projection is called ${name}; there are ${[...allProjections.keys()].map((p) => p.name).join(', ')}`,
  );
}

class Rebuild {
  constructor(
    private readonly system: HuicaiSystem,
    private readonly options: RebuildOptions,
    private readonly output: ProgressOutput,
  ) {}

  async run(found: readonly Registered[]): Promise<number> {
    const { diff, events, switch: show, switchBack: back, drop } = this.options;
    const isSimple = diff || events !== undefined || show || back || drop;
    if (!isSimple) return this.fill(found);
    for (const one of await this.concerned(found)) {
      if (show) await this.show(one);
      else if (back) await this.goBack(one);
      else if (drop) this.say(`${await dropGeneration(this.system.pool, one[0].name)} was dropped.`);
      else await this.compare(one);
    }
    return 0;
  }

  /** Of all, only those for which there is something to be done; what was named is tried, and says why it can not be done. */
  private async concerned(found: readonly Registered[]): Promise<readonly Registered[]> {
    const { all, switch: show, switchBack: back } = this.options;
    if (!all) return found;
    const known = await readGenerations(this.system.pool);
    const has = ({ candidate, previous }: Generations) => (show ? candidate : back ? previous : (candidate ?? previous)) !== null;
    const concerned = found.filter(([{ name }]) => {
      const now = known.get(name);
      return now !== undefined && has(now);
    });
    if (concerned.length === 0) this.say('There is nothing beside what is shown.');
    return concerned;
  }

  private async fill(found: readonly Registered[]): Promise<number> {
    const interrupted = new AbortController();
    const stop = () => interrupted.abort();
    process.once('SIGINT', stop);
    const label = this.options.all ? 'all' : found.map(([{ name }]) => name).join(' ');
    const progress = new RebuildProgress(this.output, label);
    try {
      const filled = await fillTogether(rebuildParts(this.system), new Map(found), {
        signal: interrupted.signal,
        log: (line) => this.say(line),
        onProgress: (now) => progress.show(now),
        ...(this.options.batch === undefined ? {} : { batchSize: this.options.batch }),
      });
      progress.end();
      if (filled.some(({ outcome }) => outcome === 'interrupted')) {
        this.say(`Interrupted; go on with it: npm run cli -- rebuild ${this.options.all ? '--all' : label}`);
        return 130;
      }
      for (const { schema, outcome } of filled)
        this.say(`${schema} ${outcome === 'filled' ? 'is filled' : 'was filled before'}; the live rows are shown as before.`);
    } catch (error) {
      progress.end();
      throw error;
    } finally {
      process.off('SIGINT', stop);
    }
    for (const one of found) {
      if (this.options.yes) await this.show(one);
      else await this.compare(one);
    }
    return 0;
  }

  private async compare([definition, types]: Registered): Promise<void> {
    const { pool } = this.system;
    const { name } = definition;
    if (this.options.diff || this.options.events === undefined) {
      const diff = await diffGenerations(pool, definition, { samples: this.options.samples ?? 5, levelWithinMs: 5_000 });
      const parked = (await deadLetterCounts(pool)).find(({ schema }) => schema === diff.candidate)?.parked ?? 0;
      for (const line of diffLines(name, diff, parked)) this.say(line);
      const { candidate = null } = (await readGenerations(pool)).get(name) ?? {};
      if (candidate !== null) this.say(`Show it: npm run cli -- rebuild ${name} --switch   Drop it: … --drop`);
    }
    if (this.options.events !== undefined) {
      let found = 0;
      const parts = { store: this.system.store, upcasters, aggregates: ourAggregates };
      for await (const cause of eventsBehind(parts, definition, types, this.options.events)) {
        found++;
        this.say(causeLine(cause));
      }
      this.say(found === 0 ? `No event of ${name} belongs to ${this.options.events}.` : `${found} events.`);
    }
  }

  private async show([{ name }]: Registered): Promise<void> {
    const { live, previous, dropped } = await switchToCandidate(rebuildParts(this.system), name);
    if (dropped !== null) this.say(`${dropped}, which was shown before that, was dropped.`);
    this.say(`${live} is shown; ${previous} is kept. Go back: npm run cli -- rebuild ${name} --switch-back`);
  }

  private async goBack([{ name }]: Registered): Promise<void> {
    const { live, previous } = await switchBack(rebuildParts(this.system), name);
    this.say(`${live} is shown again; ${previous} is kept in its place.`);
  }

  private say(line: string): void {
    this.output.write(`${line}\n`);
  }
}
