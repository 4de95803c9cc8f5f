import { WorkingTimeError } from '@huicai/working-time';
import fc from 'fast-check';
import { frozen } from '../../kernel/spec-dsl.js';
import { at, stories } from './case.fixture.js';
import type { CaseEvent } from './contract.js';
import { type CaseFacts, foldCase } from './facts.js';

const clockIds = ['total/1/1', 'signFor/1/1', 'firstContact/1/1', 'handling/1/1'];
const reasoned = { reasonCode: 'OTHER', reason: stories.paused.past[0]!.event.data as never };

/** Events that the ordinary course of a case does not have. */
const others = [
  { type: 'CaseReturned', data: { ...reasoned, departmentId: 'ybj', proposedDepartmentId: null } },
  { type: 'ClockResumed', data: { clockIds } },
  { type: 'ExtensionGranted', data: { workingDays: 3, clockIds } },
  { type: 'ExtensionRefused', data: reasoned },
  { type: 'ResultSentBack', data: reasoned },
  { type: 'BreachRecorded', data: { clockId: 'total/1/1', due: '2026-10-20T09:00:00.000Z', departmentId: null } },
  { type: 'BreachRecorded', data: { clockId: 'handling/1/1', due: '2026-10-20T09:00:00.000Z', departmentId: 'ybj' } },
  { type: 'BreachWithdrawn', data: { clockId: 'total/1/1' } },
  { type: 'SupervisionRaised', data: { cause: 'BREACH', cycle: 1, departmentId: 'ybj' } },
] as unknown as CaseEvent[];

const events = frozen([...new Set(Object.values(stories).flatMap(({ past }) => past.map(({ event }) => event))), ...others]);
const actor = { id: 'somebody', role: 'window' } as const;

describe('the next state of a case', () => {
  it('leaves the state before it as it was, in every order of events, and is never that state itself', () => {
    const folded = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(stories)),
        fc.array(fc.record({ event: fc.constantFrom(...events), after: fc.nat(7 * 86_400_000) }), { maxLength: 12 }),
        (story, rest) => {
          let state: CaseFacts | null = frozen(story.state);
          let occurredAt = state?.lastAt ?? at('2026-09-30T09:30');
          for (const [i, { event, after }] of rest.entries()) {
            occurredAt += after;
            let next: CaseFacts | null;
            try {
              next = foldCase(state, event, { occurredAt, actor, eventId: `later-${i}` });
            } catch (error) {
              // Of a clock that can not do that now; writing to what is frozen is a TypeError.
              if (!(error instanceof WorkingTimeError)) throw error;
              continue;
            }
            folded.add(event.type);
            if (state) expect(next).not.toBe(state);
            if (next)
              expect(next.standingBreaches).toEqual(
                next.clocks.filter(({ breachedAt }) => breachedAt !== null).map(({ clockId }) => clockId),
              );
            state = frozen(next);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect([...folded].sort()).toEqual([...new Set(events.map(({ type }) => type))].sort());
  });
});
