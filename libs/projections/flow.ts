import type { DomainEvent } from '@huicai/kernel';
import type { AnyProjection } from './projection.js';

/** A timer is a view of what is due plus what to do about it; `fire` lives with the wiring of the worker. */
export interface TimerDefinition {
  readonly name: string;
  readonly due: AnyProjection;
}

export interface Effects {
  readonly views?: readonly AnyProjection[];
  readonly timers?: readonly TimerDefinition[];
}

export interface Flow {
  readonly context: string;
  readonly routes: Readonly<Record<string, Effects>>;
}

/** The wiring of one context. Every event type of the context needs an entry, so leaving one out does not compile. */
export function flow<E extends DomainEvent>(context: string, routes: { readonly [T in E['type']]: Effects }): Flow {
  return { context, routes: routes as Readonly<Record<string, Effects>> };
}

/** Which projections there are and which event types each takes, over all flows. */
export function projectionsOf(flows: readonly Flow[]): Map<AnyProjection, string[]> {
  const found = new Map<AnyProjection, Set<string>>();
  const add = (p: AnyProjection, type: string) => {
    const types = found.get(p) ?? new Set<string>();
    found.set(p, types.add(type));
  };
  for (const { routes } of flows)
    for (const [type, effects] of Object.entries(routes)) {
      for (const view of effects.views ?? []) add(view, type);
      for (const timer of effects.timers ?? []) add(timer.due, type);
    }
  const names = new Set<string>();
  for (const p of found.keys()) {
    if (names.has(p.name)) throw new Error(`Two projections are called ${p.name}`);
    names.add(p.name);
  }
  return new Map([...found].map(([p, types]) => [p, [...types].sort()]));
}
