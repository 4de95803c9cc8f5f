import { specOf } from '../../kernel/spec-dsl.js';
import { noCatalogue } from '../catalogue/facts.js';
import { channels } from './channels.js';
import type { ChannelsEvent } from './contract.js';
import { leadDepartment, returnAfter } from './facts.js';
import { CHANNELS, DEPARTMENTS } from './lanshan.js';

const { given } = specOf(channels);
const facts = { now: 0, actor: { id: 'user-admin', role: 'admin' }, catalogue: noCatalogue } as const;

const department = (departmentId: string): ChannelsEvent => ({
  type: 'DepartmentRegistered',
  data: { departmentId, name: `name of ${departmentId}` },
});
const route = (leadDepartmentId: string, effectiveFrom: string, routingVersion: number): ChannelsEvent => ({
  type: 'ItemRouted',
  data: { itemCode: '03', leadDepartmentId, effectiveFrom, routingVersion },
});

describe('departments and channels', () => {
  it('are registered once', () => {
    given([])
      .when({ type: 'RegisterDepartment', data: { departmentId: 'ybj', name: 'name of ybj' } }, facts)
      .then([department('ybj')]);
    given([department('ybj')])
      .when({ type: 'RegisterDepartment', data: { departmentId: 'ybj', name: 'other' } }, facts)
      .thenRefused('department-exists', { field: 'departmentId', params: { id: 'ybj' } });
    const data = { channelId: 'window', kind: 'WINDOW', name: '窗口' } as const;
    given([])
      .when({ type: 'OpenChannel', data }, facts)
      .then([{ type: 'ChannelOpened', data }]);
    given([{ type: 'ChannelOpened', data }])
      .when({ type: 'OpenChannel', data }, facts)
      .thenRefused('channel-exists', { field: 'channelId' });
  });

  it('may have any name that JavaScript objects happen to know', () => {
    for (const departmentId of ['constructor', 'toString'])
      given([])
        .when({ type: 'RegisterDepartment', data: { departmentId, name: `name of ${departmentId}` } }, facts)
        .then([department(departmentId)]);
  });

  it('of the district are accepted by the rules, none twice', () => {
    let history: ChannelsEvent[] = [];
    for (const [departmentId, name] of DEPARTMENTS) {
      const { state } = given(history);
      history = [...history, ...channels.decide({ type: 'RegisterDepartment', data: { departmentId, name } }, state, facts)];
    }
    for (const [channelId, kind, name] of CHANNELS) {
      const { state } = given(history);
      history = [...history, ...channels.decide({ type: 'OpenChannel', data: { channelId, kind, name } }, state, facts)];
    }
    expect(history).toHaveLength(DEPARTMENTS.length + CHANNELS.length);
  });
});

describe('routing', () => {
  it('counts its versions over all items', () => {
    given([department('ybj'), department('rsj'), route('ybj', '2024-01-01', 1)])
      .when({ type: 'RouteItem', data: { itemCode: '04', leadDepartmentId: 'rsj', effectiveFrom: '2024-01-01' } }, facts)
      .then([
        {
          type: 'ItemRouted',
          data: { itemCode: '04', leadDepartmentId: 'rsj', effectiveFrom: '2024-01-01', routingVersion: 2 },
        },
      ]);
  });

  it.each(['nobody', 'constructor'])('refuses the department %s, which does not exist', (leadDepartmentId) => {
    given([department('ybj')])
      .when({ type: 'RouteItem', data: { itemCode: '03', leadDepartmentId, effectiveFrom: '2024-01-01' } }, facts)
      .thenRefused('department-not-found', { field: 'leadDepartmentId', params: { id: leadDepartmentId } });
  });

  it('holds from its day, the latest decision in force winning', () => {
    const { state } = given([
      department('ybj'),
      department('rsj'),
      department('gaj'),
      route('ybj', '2024-01-01', 1),
      route('rsj', '2026-10-01', 2),
      route('gaj', '2026-06-01', 3),
    ]);
    const lead = (day: string) => leadDepartment(state, '03', day)?.leadDepartmentId;
    expect([lead('2023-12-31'), lead('2024-01-01'), lead('2026-06-01')]).toEqual([undefined, 'ybj', 'gaj']);
    // Decided after the change for October, so it stands for October too.
    expect(lead('2026-10-01')).toBe('gaj');
    expect(leadDepartment(state, '99', '2026-10-01')).toBeUndefined();
  });
});

describe('the time after which a case goes back', () => {
  const set = (workingMinutes: number | null, effectiveFrom: string) =>
    ({ type: 'SetReturnAfter', data: { departmentId: 'ybj', workingMinutes, effectiveFrom } }) as const;
  const asSet = (workingMinutes: number | null, effectiveFrom: string): ChannelsEvent => ({
    type: 'ReturnAfterSet',
    data: { departmentId: 'ybj', workingMinutes, effectiveFrom },
  });

  it('is a department’s own, from a day on, the latest decision in force winning', () => {
    given([department('ybj')])
      .when(set(60, '2026-10-12'), facts)
      .then([asSet(60, '2026-10-12')]);
    const { state } = given([department('ybj'), asSet(60, '2026-10-12'), asSet(null, '2026-10-20')]);
    const at = (day: string, departmentId = 'ybj') => returnAfter(state, departmentId, day);
    expect([
      at('2026-10-11'),
      at('2026-10-12'),
      at('2026-10-20'),
      at('2026-10-12', 'rsj'),
      at('2026-10-12', 'constructor'),
    ]).toEqual([...[null, 60, null], ...[null, null]]);
  });

  it('is some minutes of office time, of a department that exists', () => {
    for (const wrong of [0, 4_801, 1.5])
      given([department('ybj')])
        .when(set(wrong, '2026-10-12'), facts)
        .thenRefused('out-of-range', { field: 'workingMinutes' });
    given([]).when(set(60, '2026-10-12'), facts).thenRefused('department-not-found', { field: 'departmentId' });
    given([department('ybj')])
      .when(set(60, '2026-02-30'), facts)
      .thenRefused('date-invalid', { field: 'effectiveFrom' });
  });
});
