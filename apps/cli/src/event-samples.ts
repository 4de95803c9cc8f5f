import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a checkout keeps streams as they were once written. */
const KEPT = join('test', 'fixtures', 'events');

/** The data of one event as it was written. */
export interface Sample {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** Samples of every kept event, by type, oldest first. @throws Error when the working directory is no checkout */
export function keptSamples(directory = KEPT): Map<string, Sample[]> {
  const found = new Map<string, Sample[]>();
  let files: string[];
  try {
    files = readdirSync(directory).filter((file) => file.endsWith('.ndjson'));
  } catch (cause) {
    throw new Error(`The examples of events are in a checkout, in ${directory}, which is not here`, { cause });
  }
  for (const file of files.sort()) {
    const [, ...lines] = readFileSync(join(directory, file), 'utf8').trimEnd().split('\n');
    for (const line of lines) {
      const { type, data, metadata } = JSON.parse(line) as { type: string; data: object; metadata: { schemaVersion: number } };
      found.set(type, [...(found.get(type) ?? []), { type, data, schemaVersion: metadata.schemaVersion }]);
    }
  }
  return found;
}

/** A field of an event's data. */
export interface Field {
  /** `clocks[].limit.days`: of each entry of the list `clocks`, in `limit`. */
  readonly path: string;
  readonly forms: readonly string[];
  /** Not every sample has it. */
  readonly optional: boolean;
}

type Json = null | string | number | boolean | object;

const isSealed = (value: object): boolean => '$enc' in value;

function formOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return isSealed(value) ? 'sealed' : 'object';
  if (typeof value !== 'string') return typeof value;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return 'uuid';
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value)) return 'instant';
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? 'day' : 'string';
}

/** The fields of objects of one type, over all of them, in the order of their first sight. */
export function fieldsOf(objects: readonly object[], prefix = ''): Field[] {
  const names = [...new Set(objects.flatMap((one) => Object.keys(one)))];
  return names.flatMap((name) => {
    const values = objects.flatMap((one) => (Object.hasOwn(one, name) ? [(one as Record<string, Json>)[name]!] : []));
    return fieldAnd(`${prefix}${name}`, values, values.length < objects.length);
  });
}

/** A field and, where it holds objects or lists, what is in them. */
function fieldAnd(path: string, values: readonly Json[], optional: boolean): Field[] {
  const forms = [...new Set(values.map(formOf))].sort();
  const items = values.filter((value) => Array.isArray(value)).flat() as Json[];
  const inner = values.filter((value) => formOf(value) === 'object') as object[];
  return [{ path, forms, optional }, ...fieldsOf(inner, `${path}.`), ...(items.length === 0 ? [] : itemsOf(`${path}[]`, items))];
}

/** Of lists of objects the members say it all. */
function itemsOf(path: string, items: readonly Json[]): Field[] {
  const plainObjects = items.every((item) => formOf(item) === 'object');
  return plainObjects ? fieldsOf(items as object[], `${path}.`) : fieldAnd(path, items, false);
}

/** A sample fit for a page: envelopes as `sealed`, of long lists the first entry and how many more there are. */
export function shortened(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (isSealed(value)) return 'sealed';
  if (Array.isArray(value)) {
    const shown = value.slice(0, value.length > 3 ? 1 : 3).map(shortened);
    return value.length > 3 ? [...shown, `… and ${value.length - 1} more`] : shown;
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member as Json)]));
}
