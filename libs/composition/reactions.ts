import type { StoredEvent } from '@huicai/event-store';
import { type AnyReaction, type Consequence, canonicalJson, member } from '@huicai/kernel';
import { EventFeed, type ReactionContext, ReactionRunner, type RetryPolicy, registerReactions } from '@huicai/reactions';
import { type ExportAppeal, type ExportRating, PROVINCE, type ProvincialRatings } from '../contexts/cases/provincial-ratings.js';
import { type Aggregate, bindings } from './commands.js';
import { allReactions, ourAggregates } from './flows.js';
import { type HuicaiSystem, upcasters } from './system.js';

export interface ReactionLoopOptions {
  readonly system: HuicaiSystem;
  readonly log: (line: string) => void;
  /** True while reactions must wait, as during the playing of a reference year. */
  readonly held: () => Promise<boolean>;
  /** Where ratings are handed over; nowhere when left out. */
  readonly province?: ProvincialRatings | undefined;
  readonly reactions?: ReadonlyMap<AnyReaction, readonly string[]>;
  readonly retry?: RetryPolicy;
  /** Milliseconds between two looks at failed events. */
  readonly lookMs?: number;
}

/**
 * Every reaction of the system, each on its own, so that a slow one delays neither the others nor the read models. They live on what
 * the worker's subscription shows, and read for themselves when they are behind. Rebuilds of read models never reach them.
 */
export class ReactionLoop {
  private readonly feed: EventFeed;
  private readonly runners: readonly ReactionRunner[];

  constructor({ system, log, held, province, reactions = allReactions, retry, lookMs }: ReactionLoopOptions) {
    const { pool, store, storeId } = system;
    const aggregates = ourAggregates;
    this.feed = new EventFeed({ aggregates, types: new Set([...reactions.values()].flat()) });
    this.runners = [...reactions].map(
      ([reaction, types]) =>
        new ReactionRunner({
          ...{ reaction, types, pool, store, storeId, aggregates, upcasters, feed: this.feed, held, log },
          send: (consequence, context) => sendConsequence(system, consequence, context, province),
          ...(retry ? { retry } : {}),
          ...(lookMs === undefined ? {} : { lookMs }),
        }),
    );
  }

  /** Takes consecutive events of `$all`, as they came. @param after position of the event before them; undefined at the log's start */
  offer(events: readonly StoredEvent[], after: bigint | undefined): void {
    this.feed.offer(events, after);
  }

  /**
   * Runs until the signal aborts; one reaction that ends ends the others.
   *
   * @throws CheckpointMovedError when another worker has taken over
   */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const together = AbortSignal.any([signal, ended.signal]);
    const running = this.runners.map((runner) => runner.run(together));
    try {
      await Promise.race([...running, aborted(signal)]);
    } finally {
      ended.abort();
      await Promise.allSettled(running);
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * Gives the reactions this program knows, and no program before it knew, their place in the log. Done before the first command is
 * taken, so that none falls between the log as it was found and the reaction's beginning.
 *
 * @throws StoreUnavailableError; whatever says that PostgreSQL is away
 */
export const registerAllReactions = ({ pool, store, storeId }: HuicaiSystem): Promise<void> =>
  registerReactions(pool, { store, storeId, aggregates: ourAggregates }, allReactions.keys());

/** @throws Error when a reaction names an aggregate that is not there; Refusal, StoreUnavailableError */
async function sendConsequence(
  system: HuicaiSystem,
  consequence: Consequence,
  context: ReactionContext,
  province: ProvincialRatings | undefined,
): Promise<void> {
  const { aggregate, id, command } = consequence;
  if (aggregate === PROVINCE) return province?.export((command as ExportRating | ExportAppeal).data);
  if (!member(bindings, aggregate)) throw new Error(`There is no aggregate ${aggregate}`);
  await system.send({
    aggregate: aggregate as Aggregate,
    id,
    command: command as never,
    caller: { id: 'reaction', role: 'system' },
    context: { ...context, commandHash: await system.vault.commandHash(canonicalJson(command.data), null) },
  });
}
