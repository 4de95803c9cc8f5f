import type { AnyReaction, DomainEvent } from '@huicai/kernel';
import type { AnyProjection } from './projection.js';

/** A timer is a view of what is due plus what to do about it; `fire` lives with the wiring of the worker. */
export interface TimerDefinition {
  readonly name: string;
  readonly due: AnyProjection;
}

export interface Effects {
  readonly views?: readonly AnyProjection[];
  readonly timers?: readonly TimerDefinition[];
  readonly reactions?: readonly AnyReaction[];
}

export interface Flow {
  readonly context: string;
  readonly routes: Readonly<Record<string, Effects>>;
}

/** The wiring of one context. Every event type of the context needs an entry, so leaving one out does not compile. */
export function flow<E extends DomainEvent>(context: string, routes: { readonly [T in E['type']]: Effects }): Flow {
  return { context, routes: routes as Readonly<Record<string, Effects>> };
}

/** Which reactions there are and which event types each takes, over all flows. @throws Error when two are called the same */
export function reactionsOf(flows: readonly Flow[]): Map<AnyReaction, string[]> {
  return named(
    'reactions',
    flows.flatMap(({ routes }) =>
      Object.entries(routes).flatMap(([type, { reactions = [] }]) => reactions.map((one) => [one, type] as const)),
    ),
  );
}

/** Which projections there are and which event types each takes, over all flows. @throws Error when two are called the same */
export function projectionsOf(flows: readonly Flow[]): Map<AnyProjection, string[]> {
  return named(
    'projections',
    flows.flatMap(({ routes }) =>
      Object.entries(routes).flatMap(([type, { views = [], timers = [] }]) =>
        [...views, ...timers.map(({ due }) => due)].map((one) => [one, type] as const),
      ),
    ),
  );
}

/** Each one with its types, sorted; names must tell them apart. */
function named<T extends { readonly name: string }>(what: string, takers: readonly (readonly [T, string])[]): Map<T, string[]> {
  const found = new Map<T, Set<string>>();
  for (const [taker, type] of takers) found.set(taker, (found.get(taker) ?? new Set()).add(type));
  const names = new Set<string>();
  for (const { name } of found.keys()) {
    if (names.has(name)) throw new Error(`Two ${what} are called ${name}`);
    names.add(name);
  }
  return new Map([...found].map(([taker, types]) => [taker, [...types].sort()]));
}
