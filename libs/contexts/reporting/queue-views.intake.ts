import { BadInput, readParameters } from '@huicai/http';
import { FILTER, QUEUE } from './queues.pages.js';

/** What a saved view may hold: all but how long a page is and where it begins. */
export const SAVED = { ...FILTER, order: QUEUE.order };

/**
 * Reads a query string of the queue; its parameters in one order, as events keep them.
 *
 * @throws BadInput naming the parameter as `<field>.<parameter>`
 */
export function readQuery(text: string, field: string): Record<string, string> {
  const given = new URLSearchParams(text);
  const texts = [...new Set(given.keys())].map((name) => {
    const values = given.getAll(name);
    return [name, values.length === 1 ? values[0]! : values] as const;
  });
  const query = Object.fromEntries(texts);
  try {
    readParameters(SAVED, query);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const [first, ...rest] = error.errors.map((fault) => ({ ...fault, field: `${field}.${fault.field}` }));
    throw new BadInput([first!, ...rest]);
  }
  const names = Object.keys(query).sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, (query[name] as string).normalize('NFC')]));
}

export const queryText = (query: Readonly<Record<string, string>>): string => new URLSearchParams(query).toString();
