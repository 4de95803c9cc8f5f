import { v5, v7 } from 'uuid';

/** Namespace of every derived id of this system. Fixed for ever: changing it would make repeats look new. */
export const HUICAI_NS = '6c1f3c5e-0f0b-5b8e-9a53-1d6f4c7e2ab1';

export interface CommandIdentity {
  /** Who issued the caller's token. */
  issuer: string;
  subject: string;
  method: string;
  /** Concrete path, ids filled in, no query. */
  path: string;
  idempotencyKey: string;
}

/** The id under which a command is remembered: the same caller repeating the same key on the same path gives the same id. */
export function commandIdOf({ issuer, subject, method, path, idempotencyKey }: CommandIdentity): string {
  return v5(JSON.stringify([issuer, subject, method.toUpperCase(), path, idempotencyKey]), HUICAI_NS);
}

/** Derived id of a command that no person sent (timer, reaction, reference data, seed): the same parts give the same command. */
export function systemCommandId(kind: string, ...parts: (string | number)[]): string {
  return v5(JSON.stringify([['system', kind], ...parts]), HUICAI_NS);
}

/**
 * Id of the nth event of one attempt at a command. The attempt is part of it because a store takes an append of known ids for a
 * repetition: of two requests with one key that arrive together, the second must be refused by the store and not told that its
 * own events were recorded.
 */
export function eventIdOf(commandId: string, attempt: string, index: number): string {
  return v5(JSON.stringify([attempt, index]), commandId);
}

/** Id of the aggregate (or subject) a command creates; `name` tells several apart. */
export function createdIdOf(commandId: string, name: string): string {
  return v5(name, commandId);
}

/** A fresh key for a command that came without one. */
export function newIdempotencyKey(): string {
  return v7();
}

const AGGREGATE = /^[a-z][a-zA-Z0-9]*$/;

/** `<aggregate>-<id>`. Aggregate names carry no hyphen, because category streams split at the first one. */
export function streamName(aggregate: string, id: string): string {
  if (!AGGREGATE.test(aggregate)) throw new Error(`Not an aggregate name: ${aggregate}`);
  if (id === '') throw new Error(`A ${aggregate} stream needs an id`);
  return `${aggregate}-${id}`;
}

export function splitStreamName(stream: string): { aggregate: string; id: string } {
  const at = stream.indexOf('-');
  return at < 0 ? { aggregate: stream, id: '' } : { aggregate: stream.slice(0, at), id: stream.slice(at + 1) };
}
