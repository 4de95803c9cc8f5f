import type { Word } from './queue-filter.js';

/** A controlled word with its code. */
export interface Term {
  readonly code: string;
  readonly name: string;
}

const normalised = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/g, '');

/** Pairs of neighbouring characters: what a text of a script without spaces between words is found by. */
export function bigramsOf(text: string): string[] {
  const characters = [...normalised(text)];
  return characters.length < 2 ? characters : characters.slice(1).map((character, i) => characters[i]! + character);
}

/** Whether all pairs of the word stand in the name; a single character is enough to be found by. */
export function isFoundIn(word: string, name: string): boolean {
  const wanted = bigramsOf(word);
  const text = normalised(name);
  return wanted.length > 0 && wanted.every((pair) => text.includes(pair));
}

/**
 * What somebody types to find cases: the beginning of a case number, or words that are names of items and tags. Names are data of some
 * hundred words, so they are matched here, and rows are found by code.
 */
export function readSearch(
  text: string,
  items: readonly Term[],
  tags: readonly Term[],
): { readonly number: string } | { readonly words: readonly Word[] } {
  const typed = text.trim().normalize('NFKC').toUpperCase();
  if (/^[A-Z]{2}-[0-9-]*$/.test(typed)) return { number: typed };
  const codes = (word: string, terms: readonly Term[]) => [
    ...new Set(terms.filter(({ name }) => isFoundIn(word, name)).map(({ code }) => code)),
  ];
  const words = text.trim().split(/\s+/);
  return { words: words.map((word) => ({ itemCodes: codes(word, items), tags: codes(word, tags) })) };
}
