import type { Actor, DomainEvent } from './event.js';

export interface Command {
  readonly type: string;
  readonly data: object;
}

/** What every rulebook is told besides the command: who asks and when (epoch milliseconds, business time). */
export interface BaseFacts {
  readonly now: number;
  readonly actor: Actor;
  /** When it is told, epoch milliseconds, where the command says that it happened at another time. */
  readonly recordedAt?: number;
}

/**
 * A rulebook: pure, synchronous, without clock or I/O. `decide` throws a {@link Refusal} or tells what happens; an empty list
 * means the command changes nothing.
 */
export interface Decider<C extends Command, E extends DomainEvent, S, F extends BaseFacts = BaseFacts> {
  /** Category of its streams. */
  readonly aggregate: string;
  readonly initialState: () => S;
  readonly decide: (command: C, state: S, facts: F) => readonly E[];
  readonly evolve: (state: S, event: E, at: EventTime) => S;
}

/** When and as what an event was recorded, for folds that need business time. */
export interface EventTime {
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly actor: Actor;
  readonly eventId: string;
}
