import type { Sealed } from '@huicai/kernel';
import { claimsToBeSealed } from './envelope.js';

/** An envelope found inside a JSON value, with its JSON pointer (RFC 6901). */
export type FoundEnvelope = { readonly path: string; readonly sealed: Sealed<unknown> };

const escapeSegment = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');

/** Every envelope inside a JSON value, in document order. */
export function findEnvelopes(value: unknown, path = ''): FoundEnvelope[] {
  if (claimsToBeSealed(value)) return [{ path, sealed: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => findEnvelopes(inner, `${path}/${escapeSegment(name)}`));
}

/** A copy of a JSON value in which every envelope is replaced by what is given for its path; the original is left alone. */
export function replaceEnvelopes(value: unknown, replacements: ReadonlyMap<string, unknown>, path = ''): unknown {
  if (claimsToBeSealed(value)) return replacements.get(path);
  if (Array.isArray(value)) return value.map((inner, i) => replaceEnvelopes(inner, replacements, `${path}/${i}`));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, replaceEnvelopes(inner, replacements, `${path}/${escapeSegment(name)}`)]),
  );
}
