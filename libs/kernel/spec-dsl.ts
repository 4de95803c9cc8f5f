import { inspect } from 'node:util';
import type { BaseFacts, Command, Decider } from './decider.js';
import { Refusal, type RefusalDetails } from './errors.js';
import type { Actor, DomainEvent } from './event.js';

/** Something that has happened, and when and by whom where a rulebook's fold asks for it. */
export interface Past<E extends DomainEvent> {
  readonly event: E;
  /** Epoch milliseconds; 0 when left out. */
  readonly at?: number;
  /** The system when left out. */
  readonly actor?: Actor;
}

export interface Decision<E extends DomainEvent, S> {
  /**
   * Expects exactly these events, in this order, and gives the state after them.
   * @throws the refusal, or the difference
   */
  then(events: readonly E[]): S;
  /** Expects a refusal with this code, whose details have at least these members. */
  thenRefused(code: string, details?: RefusalDetails): void;
}

const SYSTEM: Actor = { id: 'spec', role: 'system' };

/**
 * Given what happened, when a command comes, then these events or this refusal. State, command and facts are frozen, so that a
 * rulebook that writes into what it was given fails.
 */
export function specOf<C extends Command, E extends DomainEvent, S, F extends BaseFacts>(decider: Decider<C, E, S, F>) {
  const fold = (past: readonly Past<E>[], from: S): S =>
    past.reduce<S>(
      (state, { event, at = 0, actor = SYSTEM }, index) =>
        frozen(decider.evolve(state, frozen(event), { occurredAt: at, actor, eventId: `event-${index}` })),
      frozen(from),
    );

  const given = (history: readonly (E | Past<E>)[]) => {
    const past = history.map((item) => ('event' in item ? item : { event: item }));
    const state = fold(past, decider.initialState());
    const when = (command: C, facts: F): Decision<E, S> => {
      const decide = () => decider.decide(frozen(command), state, frozen(facts));
      return {
        // biome-ignore lint/suspicious/noThenProperty: given / when / then; nothing here is ever awaited
        then: (events) => {
          const decided = decide();
          expect(decided).toEqual(events);
          const after = decided.map((event) => ({ event, at: facts.now, actor: facts.actor }));
          return fold([...past, ...after], decider.initialState());
        },
        thenRefused: (code, details = {}) => {
          const refusal = refusalOf(decide);
          expect({ code: refusal.code, ...refusal.details }).toMatchObject({ code, ...details });
        },
      };
    };
    return { state, when };
  };
  return { given };
}

/** The refusal a piece of work ends in. @throws whatever else it throws, or an Error when it succeeds */
export function refusalOf(work: () => unknown): Refusal {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`Not refused, but decided ${inspect(result, { depth: 4 })}`);
}

/** As {@link refusalOf}, for work that takes its time. */
export async function refusalFrom(work: Promise<unknown>): Promise<Refusal> {
  const settled = await work.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  return refusalOf(settled);
}

/** Freezes plain data to its leaves; instances of classes (compiled calendars) are left alone. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== Array.prototype && proto !== null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
