import { type BaseFacts, type Decider, invalid, notFound } from '@huicai/kernel';
import { parseLocalDate } from '@huicai/working-time';
import { type CatalogueFacts, itemOf } from '../catalogue/facts.js';
import { checkLater, checkUndo } from './applied-changes.js';
import { checkFromDay, checkNext, checkReason, refusing } from './calendar.js';
import type { PolicyCommand, PolicyEvent, PolicyPublication, PolicyVersion, TimeChange } from './contract.js';
import { foldPolicy, noPolicy, officeDay, type PolicyFacts, rulesOf } from './facts.js';
import { checkLimits, checkNumbers, checkStatutory } from './policy-checks.js';
import { checkReach } from './policy-reach.js';

/** What the rulebook of policies is told. */
export interface PolicyRuleFacts extends BaseFacts {
  /** The service list, whose items rules may name. */
  readonly catalogue: CatalogueFacts;
}

/** Limits, extension rules and lights as versioned data. A version never changes; a correction is a new one. */
export const policy: Decider<PolicyCommand, PolicyEvent, PolicyFacts, PolicyRuleFacts> = {
  aggregate: 'policy',
  initialState: () => noPolicy,
  evolve: foldPolicy,
  decide: (command, state, facts) => {
    const approvedBy = facts.actor.id;
    switch (command.type) {
      case 'PublishPolicyVersion':
        checkPublication(command.data, state, facts);
        return [{ type: 'PolicyVersionPublished', data: command.data }];
      case 'ApplyPolicyChange':
        checkPolicyChange(command.data, state, facts.now);
        checkReason(command.data.reason);
        return [{ type: 'PolicyChangeApplied', data: { ...command.data, approvedBy } }];
      case 'UndoPolicyChange':
        checkUndo(state.changes, command.data.changeId, 'policy');
        checkReason(command.data.reason);
        return [{ type: 'PolicyChangeUndone', data: { ...command.data, approvedBy } }];
    }
  },
};

function checkPublication(data: PolicyPublication, state: PolicyFacts, facts: PolicyRuleFacts): void {
  checkNext(data.policy.version, state.versions.length, 'policy.version');
  checkSame(data.policy, state);
  checkBegin(data, facts);
  checkLimits(data.policy);
  checkNumbers(data.policy);
  checkItems(data.policy, facts.catalogue);
  checkReach(data.policy);
  checkStatutory(data.policy);
}

/**
 * Refuses a change that clocks could not go by: nothing is put on them before it is in force.
 *
 * @param now epoch milliseconds
 * @throws Refusal `policy-not-found`, `policy-version-not-found`, `change-not-later`, `change-before-effect`, `field-required`, `unknown-field`, `date-invalid`, `change-in-the-past`
 */
export function checkPolicyChange(
  { mode, to, fromDay }: Pick<TimeChange, 'mode' | 'to' | 'fromDay'>,
  { versions, changes }: PolicyFacts,
  now: number,
): void {
  if (versions.length === 0) throw notFound('policy-not-found', { field: 'policyId' });
  const version = versions[to - 1];
  if (!version) throw notFound('policy-version-not-found', { field: 'to' });
  checkLater(to, changes);
  const begins = checkFromDay({ mode, fromDay }, now) ?? officeDay(now);
  const { effectiveFrom } = version;
  if (mode !== 'keep' && begins < effectiveFrom)
    throw invalid('change-before-effect', mode === 'prospective' ? 'fromDay' : 'to', { effectiveFrom });
}

function checkSame(data: PolicyVersion, { versions: [first] }: PolicyFacts): void {
  if (first && first.policyId !== data.policyId) throw invalid('other-policy', 'policy.policyId');
  if (first && first.calendarId !== data.calendarId) throw invalid('other-calendar', 'policy.calendarId');
}

/** Nobody learns afterwards by which limits they should have worked; and what changes a promise has a reason. */
function checkBegin({ policy: { effectiveFrom }, reason }: PolicyPublication, { now, actor }: BaseFacts): void {
  refusing(
    () => parseLocalDate(effectiveFrom, 'effectiveFrom'),
    (field) => invalid('date-invalid', `policy.${field}`),
  );
  // The office's first version is loaded today and in force since its list is.
  if (actor.role === 'system') return;
  const today = officeDay(now);
  if (effectiveFrom < today) throw invalid('policy-effective-in-the-past', 'policy.effectiveFrom', { today });
  if (reason === undefined || reason.trim() === '') throw invalid('reason-needed', 'reason');
}

/** A rule about a misspelt item would silently be about nothing. */
function checkItems(data: PolicyVersion, { versions }: CatalogueFacts): void {
  const known = (code: string) => Object.values(versions).some((version) => itemOf(version, code));
  rulesOf(data).forEach(({ itemCode }, i) => {
    if (itemCode !== undefined && !known(itemCode))
      throw invalid('policy-item-unknown', `policy.${data.rules ? 'rules' : 'handling'}[${i}].itemCode`, { code: itemCode });
  });
}
