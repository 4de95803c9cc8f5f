import { Refusal } from '@huicai/kernel';
import fc from 'fast-check';
import { specOf } from '../../kernel/spec-dsl.js';
import type { Leave, SpecialistCommand, SpecialistEvent } from './contract.js';
import { leaveOn, type SpecialistFacts, standInFor } from './facts.js';
import { colleague, sealed, specialistFacts } from './specialist.fixture.js';
import { specialist } from './specialist.js';

const { given } = specOf(specialist);
const enrolled: SpecialistEvent = {
  type: 'SpecialistEnrolled',
  data: { specialistId: 's-1', name: sealed('name'), kind: 'ITEM', departmentId: 'ybj' },
};
const leave = (from: string, to: string, more: Partial<Leave> = {}): Leave => ({
  leaveId: `leave-${from}`,
  from,
  to,
  deputyId: 's-2',
  ...more,
});
const planned = (data: Leave): SpecialistEvent => ({ type: 'LeavePlanned', data });
const plan = (data: Leave): SpecialistCommand => ({ type: 'PlanLeave', data });

describe('what is known of a specialist', () => {
  it('are the items and areas they serve, none twice, no item that is not offered', () => {
    const set = (itemCodes: string[], areas: string[] = []): SpecialistCommand => ({
      type: 'SetSkills',
      data: { itemCodes, areas },
    });
    const state = given([enrolled])
      .when(set(['03', '04'], ['liuqing']), specialistFacts())
      .then([{ type: 'SpecialistSkillsSet', data: { itemCodes: ['03', '04'], areas: ['liuqing'] } }]);
    expect(state).toMatchObject({ itemCodes: ['03', '04'], areas: ['liuqing'] });
    given([enrolled])
      .when(set(['99']), specialistFacts())
      .thenRefused('item-not-offered', { field: 'itemCodes[0]' });
    given([enrolled])
      .when(set(['03', '03']), specialistFacts())
      .thenRefused('entry-repeated', { field: 'itemCodes[1]' });
    given([enrolled])
      .when(set([], ['a', 'a']), specialistFacts())
      .thenRefused('entry-repeated', { field: 'areas[1]' });
    given([enrolled]).when(set([]), specialistFacts()).then([]);
  });

  it('is how much they take', () => {
    const set = (openMatters: number | null): SpecialistCommand => ({ type: 'SetCapacity', data: { openMatters } });
    const few: SpecialistEvent = { type: 'SpecialistCapacitySet', data: { openMatters: 3 } };
    expect(given([enrolled]).when(set(3), specialistFacts()).then([few])).toMatchObject({ capacity: 3 });
    given([enrolled, few]).when(set(3), specialistFacts()).then([]);
    given([enrolled, few])
      .when(set(null), specialistFacts())
      .then([{ type: 'SpecialistCapacitySet', data: { openMatters: null } }]);
    for (const wrong of [-1, 1_001, 1.5])
      given([enrolled]).when(set(wrong), specialistFacts()).thenRefused('out-of-range', { field: 'openMatters' });
  });

  it('are their hours, in order and without overlap', () => {
    const set = (...intervals: [string, string][]): SpecialistCommand => ({
      type: 'SetWorkingHours',
      data: { weekly: [{ weekday: 1, intervals: intervals.map(([from, to]) => ({ from, to })) }] },
    });
    const early = set(['08:00', '12:00'], ['12:00', '15:00']);
    given([enrolled])
      .when(early, specialistFacts())
      .then([{ type: 'SpecialistHoursSet', data: early.data as never }]);
    const refused = (command: SpecialistCommand, code: string, field: string) =>
      given([enrolled]).when(command, specialistFacts()).thenRefused(code, { field });
    refused(set(['12:00', '12:00']), 'hours-reversed', 'weekly[0].intervals[0]');
    refused(set(['08:00', '12:00'], ['11:59', '15:00']), 'hours-overlap', 'weekly[0].intervals[1]');
    refused(set(['08:00', '25:00']), 'code-invalid', 'weekly[0].intervals[0].to');
    const twice = [1, 1].map((weekday) => ({ weekday, intervals: [] }));
    refused({ type: 'SetWorkingHours', data: { weekly: twice } }, 'weekday-repeated', 'weekly[1].weekday');
  });

  it('needs somebody enrolled', () => {
    given([])
      .when(plan(leave('2026-10-12', '2026-10-12')), specialistFacts())
      .thenRefused('specialist-not-found');
  });
});

describe('a leave', () => {
  const away = leave('2026-10-14', '2026-10-16');

  it('is days of the office, both included, with a deputy', () => {
    const state = given([enrolled])
      .when(plan(away), specialistFacts())
      .then([planned(away)])!;
    expect(['2026-10-13', '2026-10-14', '2026-10-16', '2026-10-17'].map((day) => leaveOn(state, day) !== undefined)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it.each<[string, Leave, object, string, string]>([
    ['the other way round', leave('2026-10-16', '2026-10-14'), {}, 'period-reversed', 'from'],
    ['on a day that is none', leave('2026-02-30', '2026-10-14'), {}, 'date-invalid', 'from'],
    ['since yesterday', leave('2026-10-11', '2026-10-14'), {}, 'leave-in-the-past', 'from'],
    ['for more than a year', leave('2026-10-12', '2027-10-13'), {}, 'leave-too-long', 'to'],
    ['of one’s own deputy', leave('2026-10-12', '2026-10-12', { deputyId: 's-1' }), {}, 'deputy-is-self', 'deputyId'],
    ['with a deputy nobody knows', leave('2026-10-12', '2026-10-12'), { deputy: null }, 'specialist-not-found', 'deputyId'],
    [
      'with a deputy of another department',
      leave('2026-10-12', '2026-10-12'),
      { deputy: colleague({ departmentId: 'jtj' }) },
      'deputy-of-other-department',
      'deputyId',
    ],
    [
      'with a deputy who is away on its last day',
      leave('2026-10-12', '2026-10-20'),
      { deputy: colleague({ leaves: [leave('2026-10-20', '2026-10-22')] }) },
      'deputy-on-leave',
      'deputyId',
    ],
    [
      'while standing in for somebody',
      leave('2026-10-12', '2026-10-20'),
      { standsIn: [{ from: '2026-10-20', to: '2026-10-22' }] },
      'leave-while-deputy',
      'from',
    ],
  ])('is not taken %s', (_, data, more, code, field) => {
    given([enrolled]).when(plan(data), specialistFacts(more)).thenRefused(code, { field });
  });

  it('does not touch another one', () => {
    for (const [from, to] of [
      ['2026-10-12', '2026-10-14'],
      ['2026-10-16', '2026-10-20'],
      ['2026-10-15', '2026-10-15'],
      ['2026-10-12', '2026-10-20'],
    ] as const)
      given([enrolled, planned(away)])
        .when(plan(leave(from, to)), specialistFacts())
        .thenRefused('leave-overlaps', { field: 'from', params: { from: away.from, to: away.to } });
    const next = leave('2026-10-17', '2026-10-17');
    given([enrolled, planned(away)])
      .when(plan(next), specialistFacts())
      .then([planned(next)]);
  });

  it('is one’s own to plan and to cancel', () => {
    const asked = (callerSpecialistId: string) =>
      specialistFacts({ actor: { id: 'user-s', role: 'specialist' }, callerSpecialistId });
    given([enrolled])
      .when(plan(away), asked('s-1'))
      .then([planned(away)]);
    given([enrolled]).when(plan(away), asked('s-2')).thenRefused('not-yours');
    given([enrolled, planned(away)])
      .when({ type: 'CancelLeave', data: { leaveId: away.leaveId } }, asked('s-2'))
      .thenRefused('not-yours');
  });

  it('leaves the days that were leave when it is cancelled', () => {
    const cancel: SpecialistCommand = { type: 'CancelLeave', data: { leaveId: away.leaveId } };
    const on = (day: string) => specialistFacts({ now: Date.parse(`${day}T10:00:00+08:00`) });
    const cancelled = (day: string): SpecialistEvent => ({ type: 'LeaveCancelled', data: { leaveId: away.leaveId, on: day } });
    const before = given([enrolled, planned(away)])
      .when(cancel, on('2026-10-13'))
      .then([cancelled('2026-10-13')]);
    expect(before?.leaves).toEqual([]);
    const within = given([enrolled, planned(away)])
      .when(cancel, on('2026-10-15'))
      .then([cancelled('2026-10-15')]);
    expect(within?.leaves).toEqual([{ ...away, to: '2026-10-14' }]);
    given([enrolled, planned(away)])
      .when(cancel, on('2026-10-17'))
      .thenRefused('leave-over');
    given([enrolled]).when(cancel, on('2026-10-13')).thenRefused('leave-not-found');
  });

  const day = fc.integer({ min: 0, max: 40 }).map((n) => new Date(Date.UTC(2026, 9, 12 + n)).toISOString().slice(0, 10));

  it('never covers a day twice, whatever is planned and cancelled', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('plan' as const), from: day, to: day }),
      fc.record({ kind: fc.constant('cancel' as const), nth: fc.nat(5), on: day }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let state: SpecialistFacts | null = colleague();
        const tried = (command: SpecialistCommand, now: string) => {
          try {
            const facts = specialistFacts({ now: Date.parse(`${now}T10:00:00+08:00`) });
            for (const event of specialist.decide(command, state, facts)) state = specialist.evolve(state, event, {} as never);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
          }
        };
        steps.forEach((one, i) => {
          if (one.kind === 'plan') tried(plan(leave(one.from, one.to, { leaveId: `leave-${i}` })), '2026-10-12');
          else tried({ type: 'CancelLeave', data: { leaveId: state?.leaves[one.nth]?.leaveId ?? '' } }, one.on);
        });
        const days = state!.leaves.flatMap(({ from, to }) => {
          const all: string[] = [];
          for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) all.push(new Date(at).toISOString());
          return all;
        });
        expect(new Set(days).size).toBe(days.length);
      }),
    );
  });

  it('is stood in for by somebody who is there, or by nobody', () => {
    const people = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fc.record({ away: fc.boolean(), deputyId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') }),
    );
    fc.assert(
      fc.property(people, fc.constantFrom('a', 'b', 'c'), (all, asked) => {
        const find = (id: string) => {
          const one = all[id];
          return one && { leaves: one.away ? [leave('2026-10-12', '2026-10-12', { deputyId: one.deputyId })] : [] };
        };
        const found = standInFor(asked, '2026-10-12', find);
        if (found !== null) expect(all[found]!.away).toBe(false);
        if (all[asked] && !all[asked].away) expect(found).toBe(asked);
      }),
    );
  });
});
