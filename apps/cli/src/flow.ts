import { flows } from '@huicai/composition';

interface Effect {
  readonly context: string;
  readonly what: string;
}

/** What one event leads to, over all contexts, from the objects that wire them. */
function effectsOf(type: string): Effect[] {
  return flows.flatMap(({ context, routes }) => {
    const { views = [], timers = [] } = Object.hasOwn(routes, type) ? routes[type]! : {};
    return [
      ...views.map(({ name, version }) => ({ context, what: `view ${name} v${version}` })),
      ...timers.map(({ name, due }) => ({ context, what: `timer ${name} (${due.name} v${due.version})` })),
    ];
  });
}

/** Every event type with the context that owns it: the first flow that names it. */
function eventTypes(): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { context, routes } of flows)
    for (const type of Object.keys(routes)) if (!owners.has(type)) owners.set(type, context);
  return owners;
}

/** Prints what events lead to. @throws Error when no flow names the event */
export function flowCommand(event: string | undefined, { markdown = false }: { markdown?: boolean }): void {
  const types = [...eventTypes().keys()];
  if (event !== undefined && !types.includes(event)) throw new Error(`No event is called ${event}`);
  const text = markdown ? eventCatalogue() : (event === undefined ? types : [event]).map(plain).join('\n');
  process.stdout.write(`${text}\n`);
}

const plain = (type: string): string => [type, ...effectsOf(type).map(({ context, what }) => `  ${context}: ${what}`)].join('\n');

/** The catalogue of events as a page. */
export function eventCatalogue(): string {
  const rows = [...eventTypes()].map(
    ([type, context]) =>
      `| ${type} | ${context} | ${
        effectsOf(type)
          .map(({ what }) => what)
          .join(', ') || '–'
      } |`,
  );
  return [
    '# Events',
    '',
    'Made by `npm run -s cli -- flow --markdown` from the objects that wire the system; their data is in the `contract.ts` of the context.',
    '',
    '| event | context | leads to |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
}
