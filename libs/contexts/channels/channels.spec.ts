import { specOf } from '../../kernel/spec-dsl.js';
import { channels } from './channels.js';
import type { ChannelsEvent } from './contract.js';
import { leadDepartment } from './facts.js';
import { CHANNELS, DEPARTMENTS } from './lanshan.js';

const { given } = specOf(channels);
const facts = { now: 0, actor: { id: 'user-admin', role: 'admin' } } as const;

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
