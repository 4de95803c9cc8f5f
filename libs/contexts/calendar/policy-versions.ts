import { type AppliedChange, withApplied, withUndone } from './applied-changes.js';
import type { CalendarFacts } from './calendar-versions.js';
import type { PolicyEvent, PolicyVersion } from './contract.js';

/** Every version of one policy; index 0 holds version 1. */
export interface PolicyFacts {
  readonly versions: readonly PolicyVersion[];
  /** In the order they were applied. */
  readonly changes?: readonly AppliedChange[];
}

export const noPolicy: PolicyFacts = { versions: [] };

/** @param at when the event was recorded, epoch milliseconds */
export function foldPolicy(facts: PolicyFacts, event: PolicyEvent, { occurredAt }: { occurredAt: number }): PolicyFacts {
  switch (event.type) {
    case 'PolicyVersionPublished':
      return { ...facts, versions: [...facts.versions, event.data.policy] };
    case 'PolicyChangeApplied':
      return { ...facts, changes: withApplied(facts.changes, event.data, occurredAt) };
    case 'PolicyChangeUndone':
      return { ...facts, changes: withUndone(facts.changes, event.data, occurredAt) };
  }
}

/** The version in force on a day: the latest to have taken effect, of two on one day the one published last. @param day YYYY-MM-DD, office time */
export function policyInForce({ versions }: PolicyFacts, day: string): PolicyVersion | undefined {
  const begun = versions.filter(({ effectiveFrom }) => effectiveFrom <= day);
  return begun.reduce<PolicyVersion | undefined>(
    (latest, version) => (latest && version.effectiveFrom < latest.effectiveFrom ? latest : version),
    undefined,
  );
}

/** @throws Error when the policy has no such version */
export function policyVersion(facts: PolicyFacts, version: number): PolicyVersion {
  const found = facts.versions[version - 1];
  if (!found) throw new Error(`No version ${version} of the policy`);
  return found;
}

/** What views and rules need to derive times, by version. */
export interface TimeReference {
  readonly calendar: CalendarFacts;
  readonly policy: PolicyFacts;
}
