import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('breaches and their excuses, through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-09-30T10:00:00+08:00');
  const who = {} as Record<'window' | 'talent' | 'department' | 'supervisor' | 'auditor', Client>;
  let caseId: string;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const step = (client: Client, path: string, body?: unknown) => client.post(`cases/${caseId}/${path}`, body);
  const excuse = (clockId: string, client = who.supervisor) =>
    step(client, 'breaches/excuse', { clockId, reasonCode: 'SYSTEM_OUTAGE', reason: '系统停机两天' });
  const breaches = async (client = who.supervisor) => done(await client.get(`cases/${caseId}`)).json.breaches;
  const report = async (by: string) =>
    done(await who.supervisor.get(`reports/sla?by=${by}&from=2026-09&to=2026-10`)).json.rows[0];

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor', 'auditor'] as const) who[role] = await api.as(role);
    who.department = await api.as('department', { departmentId: 'rsj' });
    const talentId = done(await who.window.post('talents', someTalent()), 201).json.id;
    who.talent = await api.as('talent', { talentId });
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    caseId = done(await who.window.post('cases', matter), 201).json.id;
    for (const [client, path] of [
      [who.window, 'accept'],
      [who.window, 'dispatch'],
      [who.department, 'sign'],
    ] as const)
      done(await step(client, path, {}));
    done(await step(who.department, 'opinions', { opinion: '按时办结' }));
    now = Date.parse('2026-10-20T10:00:00+08:00');
    await until('the breaches', async () => (await breaches()).length === 3);
  }, 60_000);
  afterAll(() => api?.stop());

  it('shows every due that was missed, to the talent too', async () => {
    for (const client of [who.supervisor, who.talent])
      expect(await breaches(client)).toEqual([
        { clockId: 'total/1/1', due: '2026-10-13T17:00:00+08:00', excuse: null },
        { clockId: 'firstContact/1/1', due: expect.any(String), excuse: null },
        { clockId: 'handling/1/1', due: '2026-10-13T17:00:00+08:00', excuse: null },
      ]);
  });

  it.each<[string, () => Promise<Reply>, number, string, string | undefined]>([
    ['the department itself', () => excuse('handling/1/1', who.department), 403, 'role-not-allowed', undefined],
    ['a clock that was kept', () => excuse('signFor/1/1'), 409, 'breach-not-standing', 'clockId'],
    ['what is no clock', () => excuse('handling'), 422, 'code-invalid', 'clockId'],
    ['no reason', () => step(who.supervisor, 'breaches/excuse', { clockId: 'total/1/1' }), 400, 'field-required', 'reasonCode'],
    [
      'an excuse nobody gave',
      () => step(who.supervisor, 'breaches/excuse/withdraw', { clockId: 'total/1/1', reasonCode: 'NEW_FACTS' }),
      409,
      'illegal-step',
      undefined,
    ],
  ])('refuses %s', async (_, attempt, status, code, field) => {
    const reply = await attempt();
    expect({ status: reply.status, code: reply.json.code }).toEqual({ status, code });
    if (field) expect(reply.json).toMatchObject(status === 409 ? { field } : { errors: [{ field }] });
    expect((await breaches()).map(({ excuse: given }: { excuse: unknown }) => given)).toEqual([null, null, null]);
  });

  it('excuses the department, and shows both rates beside each other once it has answered', async () => {
    expect(done(await excuse('handling/1/1')).json.events).toEqual(['BreachExcused']);
    expect((await breaches(who.talent))[2]).toEqual({
      clockId: 'handling/1/1',
      due: '2026-10-13T17:00:00+08:00',
      excuse: { at: '2026-10-20T10:00:00+08:00', reasonCode: 'SYSTEM_OUTAGE' },
    });
    expect((await excuse('handling/1/1')).json.code).toBe('breach-already-excused');
    expect(await report('department')).toMatchObject({ group: 'rsj', overdue: 1, overdueExcused: 1 });
    expect(await report('item')).toMatchObject({ overdue: 1, overdueExcused: 0 });
    done(await step(who.department, 'result', { outcome: 'SOLVED', reply: '已办结' }));
    // An answer at the very end of a period is still due in it.
    now += 60_000;
    expect(await report('department')).toMatchObject({
      overdue: 0,
      onTimeRate: { numerator: 0, denominator: 1, value: 0 },
      onTimeRateExcused: { numerator: 1, denominator: 1, value: 1 },
    });
    expect(await report('item')).toMatchObject({ onTimeRateExcused: { numerator: 0, denominator: 1 } });
  });

  it('takes it back, and the history tells all of it', async () => {
    done(await step(who.supervisor, 'breaches/excuse/withdraw', { clockId: 'handling/1/1', reasonCode: 'NOT_JUSTIFIED' }));
    expect((await breaches())[2].excuse).toBeNull();
    expect((await report('department')).onTimeRateExcused).toMatchObject({ numerator: 0, denominator: 1 });
    const told = done(await who.auditor.get(`cases/${caseId}/history`)).json.events.map(({ type }: { type: string }) => type);
    expect(told).toEqual(expect.arrayContaining(['BreachRecorded', 'BreachExcused', 'ExcuseWithdrawn']));
  });
});
