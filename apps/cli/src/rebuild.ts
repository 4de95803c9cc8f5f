import { allProjections, HuicaiSystem, ourAggregates, rebuildParts, upcasters } from '@huicai/composition';
import {
  type AnyProjection,
  deadLetterCounts,
  diffGenerations,
  dropGeneration,
  eventsBehind,
  fillBeside,
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
 * Rebuilds a read model beside the one that is shown, compares them, and shows the one or the other. Without further options the
 * candidate is filled and compared, and nobody sees it: what is shown to people changes only when it is asked for.
 *
 * @returns the process's exit code: 0 when all was done, 130 when it was interrupted
 * @throws RebuildError when it can not be done as asked; FoldError naming the event that can not be folded
 */
export async function rebuildCommand(
  name: string,
  options: RebuildOptions = {},
  output: ProgressOutput = process.stdout,
): Promise<number> {
  const found = [...allProjections].find(([projection]) => projection.name === name);
  if (!found)
    throw new RebuildError(
      `No projection is called ${name}; there are ${[...allProjections.keys()].map((p) => p.name).join(', ')}`,
    );
  const asked = [options.diff || options.events !== undefined, options.switch, options.switchBack, options.drop, options.yes];
  if (asked.filter(Boolean).length > 1)
    throw new RebuildError('Only one of --diff (or --events), --switch, --switch-back, --drop and --yes can be done at a time.');
  const system = await HuicaiSystem.open(resolveConnections(process.env));
  try {
    return await new Rebuild(system, found, options, output).run();
  } finally {
    await system.close();
  }
}

class Rebuild {
  private readonly name: string;

  constructor(
    private readonly system: HuicaiSystem,
    private readonly found: Registered,
    private readonly options: RebuildOptions,
    private readonly output: ProgressOutput,
  ) {
    this.name = found[0].name;
  }

  async run(): Promise<number> {
    const { diff, events, switch: show, switchBack: back, drop } = this.options;
    if (diff || events !== undefined) await this.compare();
    else if (show) await this.show();
    else if (back) await this.goBack();
    else if (drop) this.say(`${await dropGeneration(this.system.pool, this.name)} was dropped.`);
    else return this.fill();
    return 0;
  }

  private async fill(): Promise<number> {
    const interrupted = new AbortController();
    const stop = () => interrupted.abort();
    process.once('SIGINT', stop);
    const progress = new RebuildProgress(this.output, this.name);
    try {
      const { schema, outcome } = await fillBeside(rebuildParts(this.system), ...this.found, {
        signal: interrupted.signal,
        log: (line) => this.say(line),
        onProgress: (now) => progress.show(now),
        ...(this.options.batch === undefined ? {} : { batchSize: this.options.batch }),
      });
      progress.end();
      if (outcome === 'interrupted') {
        this.say(`Interrupted; go on with it: npm run cli -- rebuild ${this.name}`);
        return 130;
      }
      this.say(`${schema} ${outcome === 'filled' ? 'is filled' : 'was filled before'}; the live rows are shown as before.`);
    } catch (error) {
      progress.end();
      throw error;
    } finally {
      process.off('SIGINT', stop);
    }
    if (this.options.yes) await this.show();
    else await this.compare();
    return 0;
  }

  private async compare(): Promise<void> {
    const { pool } = this.system;
    const [definition, types] = this.found;
    if (this.options.diff || this.options.events === undefined) {
      const diff = await diffGenerations(pool, definition, { samples: this.options.samples ?? 5, levelWithinMs: 5_000 });
      const parked = (await deadLetterCounts(pool)).find(({ schema }) => schema === diff.candidate)?.parked ?? 0;
      for (const line of diffLines(this.name, diff, parked)) this.say(line);
      const { candidate = null } = (await readGenerations(pool)).get(this.name) ?? {};
      if (candidate !== null) this.say(`Show it: npm run cli -- rebuild ${this.name} --switch   Drop it: … --drop`);
    }
    if (this.options.events !== undefined) {
      let found = 0;
      const parts = { store: this.system.store, upcasters, aggregates: ourAggregates };
      for await (const cause of eventsBehind(parts, definition, types, this.options.events)) {
        found++;
        this.say(causeLine(cause));
      }
      this.say(found === 0 ? `No event of ${this.name} belongs to ${this.options.events}.` : `${found} events.`);
    }
  }

  private async show(): Promise<void> {
    const { live, previous, dropped } = await switchToCandidate(rebuildParts(this.system), this.name);
    if (dropped !== null) this.say(`${dropped}, which was shown before that, was dropped.`);
    this.say(`${live} is shown; ${previous} is kept. Go back: npm run cli -- rebuild ${this.name} --switch-back`);
  }

  private async goBack(): Promise<void> {
    const { live, previous } = await switchBack(rebuildParts(this.system), this.name);
    this.say(`${live} is shown again; ${previous} is kept in its place.`);
  }

  private say(line: string): void {
    this.output.write(`${line}\n`);
  }
}
