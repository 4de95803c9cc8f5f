import { eventTypes, flows } from '@huicai/composition';
import { type Effect, eventCatalogue } from './event-catalogue.js';

/** What one event leads to, over all contexts, from the objects that wire them. */
export function effectsOf(type: string): Effect[] {
  return flows.flatMap(({ context, routes }) => {
    const { views = [], timers = [], reactions = [] } = Object.hasOwn(routes, type) ? routes[type]! : {};
    return [
      ...views.map(({ name, version }) => ({ context, kind: 'view' as const, name: `${name} v${version}` })),
      ...timers.map(({ name, due }) => ({ context, kind: 'timer' as const, name: `${name} (${due.name} v${due.version})` })),
      ...reactions.map(({ name }) => ({ context, kind: 'reaction' as const, name })),
    ];
  });
}

/** Every event type by the context that owns it: the first flow that names it; what no flow names the system keeps for itself. */
export function eventsByContext(): Map<string, string[]> {
  const owners = new Map<string, string>();
  for (const { context, routes } of flows)
    for (const type of Object.keys(routes)) if (!owners.has(type)) owners.set(type, context);
  const found = new Map<string, string[]>();
  for (const type of [...owners.keys(), ...eventTypes]) {
    const owner = owners.get(type) ?? 'housekeeping';
    const types = found.get(owner) ?? [];
    if (!types.includes(type)) found.set(owner, [...types, type]);
  }
  return found;
}

/** Prints what events lead to. @throws Error when the system writes no such event, or the checkout with its examples is not there */
export function flowCommand(event: string | undefined, { markdown = false }: { markdown?: boolean }): void {
  const contexts = eventsByContext();
  const types = [...contexts.values()].flat();
  if (event !== undefined && !types.includes(event)) throw new Error(`No event is called ${event}`);
  const text = markdown ? eventCatalogue(contexts, effectsOf) : (event === undefined ? types : [event]).map(plain).join('\n');
  process.stdout.write(`${text}\n`);
}

function plain(type: string): string {
  const effects = effectsOf(type).map(({ context, kind, name }) => `  ${context}: ${kind} ${name}`);
  return [type, ...(effects.length === 0 ? ['  nothing'] : effects)].join('\n');
}
