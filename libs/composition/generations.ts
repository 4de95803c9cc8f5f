import { setTimeout as delay } from 'node:timers/promises';
import { splitStreamName } from '@huicai/kernel';
import {
  type AnyProjection,
  definitionBehind,
  fillBeside,
  freeSchema,
  type Generations,
  isOutage,
  LiveProjection,
  RebuildError,
  RebuildNeededError,
  type RebuildParts,
  readCheckpoint,
  readGenerations,
  registerLive,
  showDdl,
  switchToCandidate,
  versionOf,
} from '@huicai/projections';
import { allProjections, ourAggregates } from './flows.js';
import { type HuicaiSystem, upcasters } from './system.js';

export type Definitions = ReadonlyMap<AnyProjection, readonly string[]>;

/** What a leader keeps up to date, and what it has to make first. */
export interface OpenGenerations {
  /** Sorted by schema: everybody takes the locks of checkpoints in this order. */
  readonly fed: readonly LiveProjection[];
  /** Projections that are shown as another version has made them: this program's is to be built beside. */
  readonly toBuild: ReadonlyMap<AnyProjection, readonly string[]>;
}

/**
 * Takes up every generation this program has the fold of: what is shown, the candidates that were handed over, what was shown
 * before. A projection seen for the first time is made. Rows this program can not continue stay readable and say why they stand.
 *
 * @throws RebuildNeededError when the log is not the one that rows shown were made from
 */
export async function openGenerations(
  system: HuicaiSystem,
  log: (line: string) => void,
  definitions: Definitions = allProjections,
): Promise<OpenGenerations> {
  const known = await readGenerations(system.pool);
  const fed: LiveProjection[] = [];
  const toBuild = new Map<AnyProjection, readonly string[]>();
  for (const [definition, types] of definitions) {
    const now = known.get(definition.name);
    if (!now) {
      fed.push(await firstGeneration(system, definition, types));
      continue;
    }
    const live = await openLive(system, definition, types, now, log);
    if (live) fed.push(live);
    if (versionOf(live?.schema ?? now.live) !== definition.version) toBuild.set(definition, types);
    for (const schema of [now.following ? now.candidate : null, now.previous]) {
      const beside = schema === null ? undefined : await openBeside(system, definition, types, schema, log);
      if (beside) fed.push(beside);
    }
  }
  return { fed: fed.sort((a, b) => (a.schema < b.schema ? -1 : 1)), toBuild };
}

/** Which generations are there, and which are to be fed: changes when somebody hands one over or drops one. */
export function shapeOf(known: ReadonlyMap<string, Generations>): string {
  return [...known.values()]
    .flatMap(({ live, candidate, previous, following }) => [live, following ? candidate : null, previous])
    .filter((schema) => schema !== null)
    .sort()
    .join(' ');
}

async function firstGeneration(
  system: HuicaiSystem,
  definition: AnyProjection,
  types: readonly string[],
): Promise<LiveProjection> {
  const live = new LiveProjection(definition, types);
  await live.open(system.pool, system.storeId, eventAt(system));
  await registerLive(system.pool, definition.name, live.schema);
  return live;
}

async function openLive(
  system: HuicaiSystem,
  definition: AnyProjection,
  types: readonly string[],
  { live: schema }: Generations,
  log: (line: string) => void,
): Promise<LiveProjection | undefined> {
  const { rows } = await system.pool.query<{ rows: string | null; view: string | null }>(
    'select to_regclass($1) as rows, to_regclass($2) as view',
    [`${schema}.rows`, `read.${definition.name}`],
  );
  const { rows: table, view } = rows[0]!;
  if (table === null) return again(system, definition, types, schema);
  if (view === null) await system.pool.query(showDdl(definition.name, schema).join('; '));
  const live = await continued(system, definition, types, schema);
  if (live) {
    await live.resume(system.pool, system.storeId, eventAt(system));
    return live;
  }
  const why =
    versionOf(schema) === definition.version
      ? new RebuildNeededError(definition.name, 'was built by another fold').message
      : `Projection ${definition.name} is shown in version ${versionOf(schema)} until version ${definition.version} is built beside it`;
  await system.pool.query(`update ${schema}.checkpoint set failed = $1`, [why]);
  log(why);
  return undefined;
}

/** Somebody dropped what was shown, which may be done at any time: it is made anew. */
async function again(
  system: HuicaiSystem,
  definition: AnyProjection,
  types: readonly string[],
  gone: string,
): Promise<LiveProjection> {
  const schema = versionOf(gone) === definition.version ? gone : await freeSchema(system.pool, definition);
  const live = new LiveProjection(definition, types, schema);
  await live.open(system.pool, system.storeId, eventAt(system));
  await system.pool.query('update ops.projection set live = $2 where name = $1', [definition.name, schema]);
  return live;
}

/** What is not shown never keeps a worker from its work. */
async function openBeside(
  system: HuicaiSystem,
  definition: AnyProjection,
  types: readonly string[],
  schema: string,
  log: (line: string) => void,
): Promise<LiveProjection | undefined> {
  try {
    const beside = await continued(system, definition, types, schema);
    await beside?.resume(system.pool, system.storeId, eventAt(system));
    return beside;
  } catch (error) {
    if (isOutage(error)) throw error;
    log(`${schema} is not kept up to date: ${(error as Error).message}`);
    return undefined;
  }
}

/** A schema with the fold that made it, if this program has it. */
async function continued(
  system: HuicaiSystem,
  definition: AnyProjection,
  types: readonly string[],
  schema: string,
): Promise<LiveProjection | undefined> {
  const checkpoint = await readCheckpoint(system.pool, schema);
  if (!checkpoint) return new LiveProjection(definition, types, schema);
  const made = definitionBehind(
    definition,
    (candidate) => new LiveProjection(candidate, types, schema).hash() === checkpoint.foldHash,
  );
  return made && new LiveProjection(made, types, schema);
}

/** The id of an event of ours at a place in the log. */
export const eventAt =
  (system: HuicaiSystem) =>
  async (stream: string, revision: bigint): Promise<string | undefined> => {
    if (!ourAggregates.has(splitStreamName(stream).aggregate)) return undefined;
    for await (const event of system.store.readStream(stream, { from: revision, maxCount: 1 })) return event.id;
    return undefined;
  };

/** What a rebuild needs, of this system. */
export const rebuildParts = (system: HuicaiSystem): RebuildParts => ({
  pool: system.pool,
  store: system.store,
  storeId: system.storeId,
  eventAt: eventAt(system),
  upcasters,
  aggregates: ourAggregates,
  reference: (batch) => system.facts.timeWith(batch),
});

/** How long to wait after a server was away, or somebody else was at it, milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Builds new versions beside the ones that are shown, one after the other, and shows each when it is level. A fold that fails is
 * told and leaves the old version where it is.
 */
export async function buildNewVersions(
  system: HuicaiSystem,
  toBuild: OpenGenerations['toBuild'],
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  for (const [definition, types] of toBuild) {
    const what = `version ${definition.version} of ${definition.name}`;
    for (let trouble: string | undefined; !signal.aborted; ) {
      try {
        const { outcome } = await fillBeside(rebuildParts(system), definition, types, { signal, log });
        if (outcome === 'interrupted') return;
        await switchToCandidate({ ...rebuildParts(system), patienceMs: 2 * PAUSE_MS }, definition.name);
        log(`${what} is built and shown`);
        break;
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        if (message !== trouble) log(`${what} is not shown yet: ${message}`);
        trouble = message;
        if (!(isOutage(error) || error instanceof RebuildError)) break;
      }
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
