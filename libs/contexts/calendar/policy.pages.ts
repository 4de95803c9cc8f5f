import { badInput } from '@huicai/http';
import { notFound, streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import type { Found, Reads } from '../edge.js';
import type { PolicyPublication, PolicyVersion } from './contract.js';
import {
  COUNTING,
  limitsOf,
  type Matter,
  matchingRule,
  OFFICE_ZONE,
  officeDay,
  type PolicyFacts,
  policyInForce,
  ratingWindowOf,
  rulesOf,
} from './facts.js';

interface Published {
  readonly policy: PolicyVersion;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly recordedAt: string;
}

/** Every version in short. @throws Refusal `policy-not-found` */
export async function policyPage(reads: Reads, id: string): Promise<Found> {
  const versions = await publishedVersions(reads, id);
  const today = inForceToday(versions, reads);
  const body = { id, versions: versions.map((one) => headOf(one, today)) };
  return { revision: String(versions.length - 1), body };
}

/** One version, its rules in today's form. @throws Refusal `policy-not-found`, `policy-version-not-found` */
export async function policyVersionPage(reads: Reads, id: string, version: string): Promise<Found> {
  const versions = await publishedVersions(reads, id);
  const found = /^[1-9]\d{0,8}$/.test(version) ? versions[Number(version) - 1] : undefined;
  if (!found) throw notFound('policy-version-not-found', { field: 'version' });
  const { policyId: _, handling: __, rules: ___, ...rest } = found.policy;
  const none = { kind: 'none' } as const;
  const limits = {
    ...{ opinion: none, callback: none, rectification: none, pauseApproval: [], resultApproval: [] },
    ratingWindow: { workingDays: ratingWindowOf(found.policy) },
  };
  const rules = rulesOf(found.policy);
  return { body: { ...limits, ...rest, rules, counting: COUNTING, ...headOf(found, inForceToday(versions, reads)) } };
}

/**
 * The limits a case would be given, and which rule gives them.
 * @param on day of the office, YYYY-MM-DD; today when left out
 * @throws Refusal `policy-not-found`; BadInput `policy-not-in-force`
 */
export async function resolvedLimits(reads: Reads, id: string, matter: Matter, on = officeDay(reads.now)): Promise<Found> {
  const policy = policyInForce(factsOf(await publishedVersions(reads, id)), on);
  if (!policy) throw badInput('policy-not-in-force', 'on', { day: on });
  const match = matchingRule(policy, matter);
  const { itemCode = null, urgency = null, category = null, statutory = null } = match?.rule ?? {};
  return {
    // Another version can be published, and tomorrow another one be in force.
    movesOn: true,
    body: {
      id,
      version: policy.version,
      effectiveFrom: policy.effectiveFrom,
      on,
      rule: match ? { index: match.index, itemCode, urgency, category } : null,
      limits: limitsOf(policy, matter),
      statutory,
    },
  };
}

async function publishedVersions(reads: Reads, id: string): Promise<Published[]> {
  const versions: Published[] = [];
  for await (const { type, data, metadata } of reads.events(streamName('policy', id))) {
    if (type !== 'PolicyVersionPublished') continue;
    const { policy, reason = null } = data as unknown as PolicyPublication;
    versions.push({ policy, reason, recordedAt: metadata.recordedAt });
  }
  if (versions.length === 0) throw notFound('policy-not-found', { field: 'policyId' });
  return versions;
}

const factsOf = (versions: readonly Published[]): PolicyFacts => ({ versions: versions.map(({ policy }) => policy) });

const inForceToday = (versions: readonly Published[], reads: Reads): PolicyVersion | undefined =>
  policyInForce(factsOf(versions), officeDay(reads.now));

const headOf = ({ policy, reason, recordedAt }: Published, today: PolicyVersion | undefined) => ({
  version: policy.version,
  effectiveFrom: policy.effectiveFrom,
  inForce: policy === today,
  publishedAt: formatInstant(Date.parse(recordedAt), OFFICE_ZONE),
  reason,
});
