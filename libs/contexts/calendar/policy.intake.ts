import { type CommandResult, canonicalJson, eventTime, notFound, streamName } from '@huicai/kernel';
import type { CommandSide } from '../edge.js';
import { publishNext } from './calendar.js';
import type { PolicyCommand, PolicyEvent } from './contract.js';
import { foldPolicy, noPolicy, type PolicyFacts } from './facts.js';
import type { PublishPolicyVersionBody } from './policy.bodies.js';

/** Publishes the next version of a policy. @throws Refusal `policy-not-found`, and those of the rulebook naming the field of the body */
export async function publishPolicyVersion(
  { gateway, caller, meta }: CommandSide,
  policyId: string,
  body: PublishPolicyVersionBody,
): Promise<CommandResult> {
  let known: PolicyFacts = noPolicy;
  for await (const event of gateway.events(streamName('policy', policyId)))
    known = foldPolicy(known, event as unknown as PolicyEvent, eventTime(event));
  const [first] = known.versions;
  if (!first) throw notFound('policy-not-found', { field: 'policyId' });
  const { calendarId } = first;
  const policy = { ...body.policy, policyId, version: known.versions.length + 1, calendarId };
  const command: PolicyCommand = { type: 'PublishPolicyVersion', data: { policy, reason: body.reason } };
  // Of what was asked, not of what it came to: a repeat finds a later version and yet is the same request.
  const commandHash = await gateway.vault.commandHash(canonicalJson({ policyId, ...body }), null);
  return publishNext(() =>
    gateway.send({ aggregate: 'policy', id: policyId, command, caller, context: { ...meta, commandHash } }),
  );
}
