import { illegal, invalid } from '@huicai/kernel';
import { clockUnder } from '../../calendar/facts.js';
import { currentClock, dueOf, policyAt } from '../clocks.js';
import type { CaseEvent, ClockKind } from '../contract.js';
import { provided, rule } from './rule.js';

/** Asked before due, once a cycle (domain.md section 2.3); while it is pending it stops nothing. */
export const requestExtension = rule({
  command: 'RequestExtension',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  needs: ['time'],
  when: provided('no extension is asked for', (state) => state.extensionAsked === null),
  decide: (data, state, facts) => {
    const { extension } = policyAt(facts);
    if (state.extensionsGranted >= extension.times) throw illegal('extension-used-up', { params: { times: extension.times } });
    const under = (kind: ClockKind) => clockUnder(currentClock(state, kind)!, facts.time);
    const [total, handling] = [under('total'), under('handling')];
    if (total.limit.kind === 'none' || handling.limit.kind === 'none') throw illegal('extension-without-limit');
    if (!Number.isSafeInteger(data.workingDays) || data.workingDays < 1)
      throw invalid('extension-too-short', 'workingDays', { min: 1 });
    if (data.workingDays > extension.maxWorkingDays)
      throw invalid('extension-too-long', 'workingDays', { max: extension.maxWorkingDays });
    // A department's clock starts anew with each dispatch, while the office's keeps what was granted before.
    const granted = Math.max(total.addedWorkingDays, handling.addedWorkingDays);
    if (handling.limit.kind === 'workingDays' && handling.limit.days + granted + data.workingDays > extension.totalMaxWorkingDays)
      throw invalid('extension-over-total', 'workingDays', { max: extension.totalMaxWorkingDays });
    const due = dueOf(currentClock(state, 'handling')!, facts.time);
    if (due !== null && facts.now > due) throw illegal('extension-after-due', { params: { due: new Date(due).toISOString() } });
    return [{ type: 'ExtensionRequested', data }];
  },
});

export const grantExtension = rule({
  command: 'GrantExtension',
  from: ['SIGNED_FOR'],
  roles: ['supervisor'],
  needs: ['time'],
  when: provided('an extension is asked for', (state) => state.extensionAsked !== null),
  decide: (_, state, { time }) => {
    // After several dispatches the promise may have been late already when its department asked in time.
    const total = currentClock(state, 'total')!;
    const due = dueOf(total, time);
    const isLate = due !== null && due < state.extensionAsked!.at;
    const clocks = [...(isLate ? [] : [total]), currentClock(state, 'handling')!];
    const events: CaseEvent[] = [
      {
        type: 'ExtensionGranted',
        data: { workingDays: state.extensionAsked!.workingDays, clockIds: clocks.map((clock) => clock.clockId) },
      },
    ];
    // What was late under the old due was asked for in time, so it was not late.
    for (const { clockId } of clocks)
      if (state.standingBreaches.includes(clockId)) events.push({ type: 'BreachWithdrawn', data: { clockId } });
    return events;
  },
});

export const refuseExtension = rule({
  command: 'RefuseExtension',
  from: ['SIGNED_FOR'],
  roles: ['supervisor'],
  when: provided('an extension is asked for', (state) => state.extensionAsked !== null),
  decide: (data) => [{ type: 'ExtensionRefused', data }],
});
