import { fieldsOf, keptSamples, type Sample, shortened } from './event-samples.js';

/** Something an event leads to, in one context. */
export interface Effect {
  readonly context: string;
  readonly kind: 'view' | 'timer' | 'reaction';
  readonly name: string;
}

/**
 * The catalogue of events as a page: of each its fields, an example and what it leads to. Fields and examples are those of the
 * streams kept as they were once written.
 *
 * @throws Error when the working directory is no checkout
 */
export function eventCatalogue(
  contexts: ReadonlyMap<string, readonly string[]>,
  effectsOf: (type: string) => readonly Effect[],
  samples: ReadonlyMap<string, readonly Sample[]> = keptSamples(),
): string {
  const sections = [...contexts].map(([context, types]) =>
    [`## ${context}`, '', ...types.map((type) => eventSection(type, effectsOf(type), samples.get(type) ?? []))].join('\n'),
  );
  return [...PREFACE, contents(contexts), '', sections.join('\n')].join('\n').trimEnd();
}

const PREFACE = [
  '# Events',
  '',
  'Made by `npm run -s cli -- flow --markdown > docs/event-catalogue.md` from the objects that wire the system and from the streams',
  'kept in `test/fixtures/events`. Types with their comments are in the `contract.ts` of each context.',
  '',
  'Every event also carries metadata: command, actor, reason code, business and recording time, schema version and its link of the',
  'hash chain. `sealed` stands for an envelope that only the vault opens. A field marked `?` is not always there.',
  '',
];

const contents = (contexts: ReadonlyMap<string, readonly string[]>): string =>
  [...contexts].map(([context, types]) => `- [${context}](#${context}): ${types.length} events`).join('\n');

function eventSection(type: string, effects: readonly Effect[], samples: readonly Sample[]): string {
  const latest = Math.max(0, ...samples.map(({ schemaVersion }) => schemaVersion));
  const current = samples.filter(({ schemaVersion }) => schemaVersion === latest).map(({ data }) => data);
  return [`### ${type}`, '', ...leadsTo(effects), '', ...dataOf(current, latest), ''].join('\n');
}

function leadsTo(effects: readonly Effect[]): string[] {
  const kinds = [
    ['view', 'Views'],
    ['timer', 'Timers'],
    ['reaction', 'Reactions'],
  ] as const;
  const lines = kinds.flatMap(([kind, title]) => {
    const names = effects.filter((effect) => effect.kind === kind).map(({ name }) => name);
    return names.length === 0 ? [] : [`- ${title}: ${names.join(', ')}`];
  });
  return lines.length === 0 ? ['Leads to nothing.'] : lines;
}

function dataOf(current: readonly object[], version: number): string[] {
  const [first] = current;
  if (!first) return ['No store is known to hold one yet.'];
  const fields = fieldsOf(current);
  if (fields.length === 0) return [`Version ${version}, without data.`];
  return [
    `| field (version ${version}) | form |`,
    '|---|---|',
    ...fields.map(({ path, forms, optional }) => `| \`${path}\`${optional ? ' ?' : ''} | ${forms.join(' or ')} |`),
    '',
    '```json',
    JSON.stringify(shortened(first), null, 2),
    '```',
  ];
}
