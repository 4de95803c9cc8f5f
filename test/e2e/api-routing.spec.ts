import { startTestApi, type TestApi } from '../support/api.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';

describe('channels and routing, through the API', () => {
  let api: TestApi;
  let office: Office;
  let now = Date.parse('2026-10-12T10:00:00+08:00');

  const RULES = [
    { itemCode: '04', area: 'liuqing', departmentId: 'rsj', priority: 'HIGH', fastTrack: true },
    { itemCode: '04', category: 'M', departmentId: 'ybj', priority: 'NORMAL', fastTrack: false },
  ];
  const publish = (body: object = {}, channel = 'window') =>
    office.supervisor.post(`channels/${channel}/routing`, { effectiveFrom: '2026-10-13', rules: RULES, reason: '试点', ...body });
  const dryRun = (body: object, channel = 'window') => office.window.post(`channels/${channel}/routing/dry-run`, body);

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
  }, 60_000);
  afterAll(() => api?.stop());

  it('are opened, of any kind, with hours of their own', async () => {
    done(await office.supervisor.post('channels', { channelId: 'employer', kind: 'EMPLOYER', name: '单位专员' }), 201);
    const weekly = [{ weekday: 1, intervals: [{ from: '09:00', to: '10:00' }] }];
    done(await office.supervisor.send('PUT', 'channels/employer/hours', { weekly, effectiveFrom: '2026-10-12' }));
    const { channels } = done(await office.window.get('channels')).json;
    expect(channels).toContainEqual({
      ...{ id: 'employer', kind: 'EMPLOYER', name: '单位专员', weekly, openNow: false, routingVersion: null },
    });
    expect(channels).toContainEqual(expect.objectContaining({ id: 'window', weekly: null, openNow: null }));
    expect((await office.supervisor.send('PUT', 'channels/nowhere/hours', { effectiveFrom: '2026-10-12' })).json).toMatchObject({
      status: 404,
      code: 'channel-not-found',
    });
  });

  it('say where a matter would go and why, from the day the rules hold', async () => {
    expect(done(await publish()).json).toMatchObject({ id: 'window', version: 1, events: ['RoutingRulesPublished'] });
    await office.window.get('channels');
    const before = await api.head();
    expect(done(await dryRun({ itemCode: '04', area: 'liuqing' })).json).toMatchObject({ source: 'ITEM_ROUTE', version: null });
    expect(done(await dryRun({ itemCode: '04', category: 'M', on: '2026-10-13' })).json).toEqual({
      ...{ on: '2026-10-13', source: 'CHANNEL_RULE', departmentId: 'ybj', priority: 'NORMAL', fastTrack: false },
      ...{ version: 1, rule: 1, passedOver: [{ rule: 0, mismatches: ['area'] }] },
    });
    expect(await api.head()).toBe(before);
    const { versions } = done(await office.window.get('channels/window/routing')).json;
    expect(versions).toEqual([{ version: 1, effectiveFrom: '2026-10-13', inForce: false, reason: '试点', rules: RULES }]);
  });

  it('refuse rules that are wrong, naming the field', async () => {
    expect((await publish({ effectiveFrom: '2026-10-11' })).json).toMatchObject({
      code: 'routing-effective-in-the-past',
      field: 'effectiveFrom',
    });
    expect((await publish({ rules: [{ departmentId: 'rsj', priority: 'SOON', fastTrack: true }] })).json).toMatchObject({
      code: 'not-one-of',
      field: 'rules[0].priority',
    });
    expect((await publish({ rules: [...RULES, { ...RULES[1], area: 'baisha' }] })).json).toMatchObject({
      code: 'routing-rule-unreachable',
      field: 'rules[2]',
    });
    expect((await publish({}, 'nowhere')).json).toMatchObject({ status: 404, code: 'channel-not-found' });
    expect((await dryRun({ itemCode: '04' }, 'nowhere')).json).toMatchObject({ status: 404, code: 'channel-not-found' });
    expect((await office.window.post('channels/window/routing', {})).status).toBe(403);
  });

  it('propose the department at dispatch, and keep the proposal when the dispatcher decides otherwise', async () => {
    now = Date.parse('2026-10-13T10:00:00+08:00');
    const fast = await office.accepted({ area: 'liuqing' });
    expect(done(await office.window.get(`cases/${fast}/routing`)).json).toMatchObject({
      departmentId: 'rsj',
      version: 1,
      rule: 0,
    });
    const proposed = { channelId: 'window', version: 1, rule: 0, departmentId: 'rsj', priority: 'HIGH', fastTrack: true };
    done(await office.window.post(`cases/${fast}/dispatch`, {}));
    expect(await office.shown(fast)).toMatchObject({ department: { id: 'rsj' }, area: 'liuqing', routing: proposed });
    const { items } = done(await office.window.get('queue')).json;
    expect(items).toContainEqual(expect.objectContaining({ id: fast, priority: 'HIGH', fastTrack: true }));

    const other = await office.accepted();
    done(await office.window.post(`cases/${other}/dispatch`, { departmentId: 'gaj' }));
    expect(await office.shown(other)).toMatchObject({ department: { id: 'gaj' }, routing: { departmentId: 'ybj', rule: 1 } });
    expect(await office.lastEvent(other, 'CaseDispatched')).toMatchObject({
      departmentId: 'gaj',
      routing: { departmentId: 'ybj' },
    });
  });
});
