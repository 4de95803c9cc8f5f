import type { Command, EventTime } from './decider.js';
import type { DomainEvent, RecordedEvent } from './event.js';

/** One stream, folded as it stood when the triggering event had just been recorded. */
export interface StreamFold<S> {
  readonly stream: string;
  readonly initial: S;
  readonly fold: (state: S, event: never, at: EventTime) => S;
}

/** A command that follows from an event, and why. */
export interface Consequence<C extends Command = Command> {
  readonly aggregate: string;
  readonly id: string;
  readonly command: C;
  readonly reasonCode?: string;
}

/**
 * A duty that comes with an event (process manager): pure, synchronous, without clock or I/O. What it asks for is folded from a
 * stream up to the event itself, so the same event leads to the same commands whenever it is handed over.
 */
export interface Reaction<E extends DomainEvent = DomainEvent, C extends Command = Command, S = undefined> {
  /** A sentence in lower case with hyphens. Fixed for ever: the ids of its commands are made of it. */
  readonly name: string;
  /** Acts on what was recorded before the reaction was first known to a running system, from the log's first event on. */
  readonly fromStart?: true;
  readonly asks?: (event: RecordedEvent<E>) => StreamFold<S>;
  readonly react: (event: RecordedEvent<E>, facts: S) => readonly Consequence<C>[];
}

// biome-ignore lint/suspicious/noExplicitAny: reactions to different events stand in one list
export type AnyReaction = Reaction<any, any, any>;

/** @throws Error when the name is no sentence of lower-case words */
export function reaction<E extends DomainEvent, C extends Command, S = undefined>(
  definition: Reaction<E, C, S>,
): Reaction<E, C, S> {
  if (!/^[a-z]+(-[a-z0-9]+)+$/.test(definition.name)) throw new Error(`Not the name of a reaction: ${definition.name}`);
  return definition;
}
