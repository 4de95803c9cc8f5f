import { specOf } from '../../../kernel/spec-dsl.js';
import { noCatalogue } from '../../catalogue/facts.js';
import type { PolicyCommand, PolicyEvent } from '../contract.js';
import { DEFAULT_POLICY } from '../default-policy.js';
import { policy } from '../policy.js';

const NOW = Date.parse('2026-10-12T10:00:00+08:00');
const facts = { now: NOW, actor: { id: 'supervisor-1', role: 'supervisor' as const }, catalogue: noCatalogue };
const { handling: _, ...numbers } = DEFAULT_POLICY;
const version = (n: number, effectiveFrom: string): PolicyEvent => ({
  type: 'PolicyVersionPublished',
  data: {
    policy: { ...numbers, version: n, effectiveFrom, rules: [{ limits: { handling: { kind: 'workingDays', days: n } } }] },
  },
});
const past = (...events: PolicyEvent[]) => events.map((event) => ({ event, at: NOW - 60_000 }));
const published = [
  { type: 'PolicyVersionPublished', data: { policy: DEFAULT_POLICY } } as PolicyEvent,
  version(2, '2026-10-12'),
  version(3, '2026-10-15'),
];
const data = { changeId: 'change-1', mode: 'retroactive', to: 2, fromDay: null, reason: '提速' } as const;
const apply = (more: object = {}): PolicyCommand => ({ type: 'ApplyPolicyChange', data: { ...data, ...more } });
const undo = (changeId = 'change-1', reason = '撤回'): PolicyCommand => ({
  type: 'UndoPolicyChange',
  data: { changeId, reason },
});
const applied: PolicyEvent = { type: 'PolicyChangeApplied', data: { ...data, approvedBy: 'supervisor-1' } };
const undone: PolicyEvent = {
  type: 'PolicyChangeUndone',
  data: { changeId: 'change-1', reason: '撤回', approvedBy: 'supervisor-1' },
};
const { given } = specOf(policy);

describe('giving clocks that run the limits of a newer version', () => {
  it('is one event, which names who answers for it', () => {
    given(past(...published))
      .when(apply(), facts)
      .then([applied]);
  });

  it.each<[string, object, string, string]>([
    ['a version there is not', { to: 4 }, 'policy-version-not-found', 'to'],
    ['the first, which none came before', { to: 1 }, 'change-not-later', 'to'],
    ['no reason', { reason: ' ' }, 'reason-needed', 'reason'],
    ['a day for all days', { fromDay: '2026-10-13' }, 'unknown-field', 'fromDay'],
    ['no day where one is needed', { mode: 'prospective' }, 'field-required', 'fromDay'],
    ['a day that has passed', { mode: 'prospective', fromDay: '2026-10-11' }, 'change-in-the-past', 'fromDay'],
    ['what is no day', { mode: 'prospective', fromDay: '2026-02-30' }, 'date-invalid', 'fromDay'],
    ['what is not in force yet', { to: 3 }, 'change-before-effect', 'to'],
    ['a day before it is in force', { to: 3, mode: 'prospective', fromDay: '2026-10-14' }, 'change-before-effect', 'fromDay'],
  ])('refuses %s', (_name, more, code, field) => {
    given(past(...published))
      .when(apply(more), facts)
      .thenRefused(code, { field });
  });

  it('may be decided before it is in force, for the day it is', () => {
    const change = { to: 3, mode: 'prospective', fromDay: '2026-10-15' } as const;
    given(past(...published))
      .when(apply(change), facts)
      .then([{ type: 'PolicyChangeApplied', data: { ...data, ...change, approvedBy: 'supervisor-1' } }]);
  });

  it('takes only a later version than the one that stands, until that is undone', () => {
    const again = apply({ changeId: 'change-2' });
    given(past(...published, applied))
      .when(again, facts)
      .thenRefused('change-not-later', { field: 'to', params: { latest: 2 } });
    given(past(...published, applied, undone))
      .when(again, facts)
      .then([{ type: 'PolicyChangeApplied', data: { ...data, changeId: 'change-2', approvedBy: 'supervisor-1' } }]);
  });

  it('is taken back by one event, once, with a reason', () => {
    given(past(...published, applied))
      .when(undo(), facts)
      .then([undone]);
    given(past(...published, applied, undone))
      .when(undo(), facts)
      .thenRefused('policy-change-undone');
    given(past(...published, applied))
      .when(undo('change-2'), facts)
      .thenRefused('policy-change-not-found', { field: 'changeId' });
    given(past(...published, applied))
      .when(undo('change-1', ' '), facts)
      .thenRefused('reason-needed', { field: 'reason' });
  });
});
