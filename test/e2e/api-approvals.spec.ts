import { type Client, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';

describe('what somebody else has to agree to, and what comes later, through the API', () => {
  let api: TestApi;
  let office: Office;
  let talent: Client;
  let specialist: Client;
  let now = Date.parse('2026-10-12T09:00:00+08:00');

  const toApprove = async (client: Client): Promise<string[]> =>
    done(await client.get('queues/to-approve')).json.items.map(({ id }: { id: string }) => id);
  const code = async (client: Client, path: string, body: object = {}) => (await client.post(path, body)).json.code;

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    talent = await api.as('talent', { talentId: office.talentId });
    specialist = (await office.specialist('李专员')).client;
    const { json: shipped } = await office.supervisor.get('policies/default/versions/1');
    const { effectiveFrom: _, ratingWindow, version, inForce, publishedAt, reason, calendarId, counting, ...rules } = shipped;
    const policy = { ...rules, effectiveFrom: '2026-10-12', pauseApproval: ['THIRD_PARTY'], resultApproval: ['COMPLEX'] };
    const admin = await api.as('supervisor');
    const wrong = await admin.post('policies/default/versions', {
      policy: { ...policy, pauseApproval: ['BORED'] },
      reason: '中止须批准',
    });
    expect(wrong.json.errors).toMatchObject([{ field: 'policy.pauseApproval[0]', code: 'not-one-of' }]);
    done(await admin.post('policies/default/versions', { policy, reason: '中止与复杂事项结果须经批准' }), 201);
    expect(done(await admin.get('policies/default/versions/2')).json).toMatchObject({
      pauseApproval: ['THIRD_PARTY'],
      resultApproval: ['COMPLEX'],
    });
  }, 60_000);
  afterAll(() => api?.stop());

  it('pauses only once a supervisor or the department has agreed', async () => {
    const id = await office.signedFor();
    done(await specialist.post(`cases/${id}/take`));
    done(await specialist.post(`cases/${id}/contact`, { mode: 'PHONE' }));
    const ask = { reasonCode: 'THIRD_PARTY', reason: '等待外地回函', maxWorkingDays: 3 };
    expect(done(await specialist.post(`cases/${id}/pause`, ask)).json.events).toEqual(['PauseRequested']);
    expect(await office.shown(id)).toMatchObject({ paused: null, pauseAsked: { reasonCode: 'THIRD_PARTY' } });
    for (const client of [office.supervisor, office.department, specialist]) expect(await toApprove(client)).toEqual([id]);
    expect(await code(specialist, `cases/${id}/pause`, ask)).toBe('pause-asked-already');
    expect(await code(specialist, `cases/${id}/pause/approve`)).toBe('role-not-allowed');
    done(await office.department.post(`cases/${id}/pause/refuse`, { reasonCode: 'CAN_GO_ON', reason: '可先行办理' }));
    expect(await code(office.supervisor, `cases/${id}/pause/approve`)).toBe('illegal-step');
    done(await specialist.post(`cases/${id}/pause`, ask));
    done(await office.supervisor.post(`cases/${id}/pause/approve`));
    expect(await toApprove(office.supervisor)).toEqual([]);
    expect(await office.shown(id)).toMatchObject({
      pauseAsked: null,
      paused: { reasonCode: 'THIRD_PARTY', endsAt: '2026-10-15T17:00:00+08:00' },
    });
    expect(await office.lastEvent(id, 'ClockPaused')).toMatchObject({ reason: '等待外地回函', approvedBy: expect.any(String) });
  });

  it('submits the result of a complex matter only once the department has agreed', async () => {
    const id = await office.signedFor({ urgency: 'COMPLEX' });
    done(await specialist.post(`cases/${id}/take`));
    const result = { outcome: 'SOLVED', reply: '已协调办结' };
    expect(done(await specialist.post(`cases/${id}/result`, result)).json.events).toEqual(['ResultProposed']);
    expect(await office.shown(id)).toMatchObject({ status: 'SIGNED_FOR', proposal: { outcome: 'SOLVED' }, result: null });
    expect(await toApprove(office.department)).toEqual([id]);
    expect(done(await talent.get(`cases/${id}`)).json).toMatchObject({ proposal: null, result: null });
    done(await office.department.post(`cases/${id}/result/refuse`, { reasonCode: 'MISSING_EVIDENCE', reason: '缺回执' }));
    done(await specialist.post(`cases/${id}/result`, result));
    done(await office.department.post(`cases/${id}/result/approve`));
    expect(await office.shown(id)).toMatchObject({ status: 'SUBMITTED', proposal: null, result: { reply: '已协调办结' } });
  });

  it('accepts with materials to come, shows when they are overdue, and takes them', async () => {
    const matter = { talentId: office.talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    const { id } = done(await office.window.post('cases', matter), 201).json;
    const deferred = { materials: '社保缴费证明原件', until: '2026-10-13' };
    expect((await office.window.post(`cases/${id}/accept`, { deferred: { until: '2026-10-13' } })).json.errors).toMatchObject([
      { field: 'deferred.materials', code: 'field-required' },
    ]);
    expect(await code(office.window, `cases/${id}/accept`, { deferred: { ...deferred, until: '2026-10-12' } })).toBe(
      'until-not-later',
    );
    done(await office.window.post(`cases/${id}/accept`, { deferred }));
    done(await office.window.post(`cases/${id}/dispatch`, {}));
    done(await office.department.post(`cases/${id}/sign`));
    expect((await office.shown(id)).deferred).toEqual({
      until: '2026-10-13',
      materials: '社保缴费证明原件',
      receivedAt: null,
      overdue: false,
    });
    now = Date.parse('2026-10-14T09:00:00+08:00');
    expect((await office.shown(id)).deferred).toMatchObject({ overdue: true });
    expect(await code(office.department, `cases/${id}/result`, { outcome: 'SOLVED', reply: '好' })).toBe(
      'deferred-materials-outstanding',
    );
    done(await office.window.post(`cases/${id}/deferred/receive`, { received: '原件一份' }));
    expect(await code(office.window, `cases/${id}/deferred/receive`, {})).toBe('illegal-step');
    expect(await office.lastEvent(id, 'DeferredMaterialsReceived')).toEqual({ received: '原件一份', late: true });
    done(await office.department.post(`cases/${id}/result`, { outcome: 'SOLVED', reply: '已办结' }));
  });

  it('tells the talent what is needed and why the promise moved, never what the desk settles among itself', async () => {
    now = Date.parse('2026-10-19T09:00:00+08:00');
    const id = await office.signedFor();
    done(await specialist.post(`cases/${id}/take`));
    const notice = { materials: '请补交劳动合同复印件', until: '2026-10-23' };
    done(await specialist.post(`cases/${id}/supplement`, notice));
    done(await office.window.post(`cases/${id}/messages`, { message: '请尽快补交' }));
    done(await office.window.post(`cases/${id}/notes`, { note: '内部备注' }));
    const mine = async () => done(await talent.get('my/cases')).json.items.find((one: { id: string }) => one.id === id);
    expect(await mine()).toMatchObject({
      needed: [{ kind: 'NOTICE', materials: notice.materials, until: '2026-10-23', answered: false, overdue: false }],
      message: { deskWrote: true },
      rating: { given: null, open: false },
      promise: { changes: [{ kind: 'PAUSE', reasonCode: 'AWAITING_MATERIALS', reason: '等待您补充材料' }] },
    });
    done(await talent.post(`cases/${id}/messages`, { message: '已寄出' }));
    done(await specialist.post(`cases/${id}/supplement/receive`, { received: '劳动合同复印件' }));
    expect(await mine()).toMatchObject({ needed: [], message: { deskWrote: false } });
    const told = done(await talent.get(`cases/${id}/history`)).text;
    expect([told.includes('SupplementReceived'), told.includes('NoteAdded'), told.includes('内部备注')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('tells the second of two what changed since they looked, as far as they may know', async () => {
    const id = await office.signedFor();
    const { headers } = await office.window.get(`cases/${id}`);
    const stale = { headers: { 'if-match': headers.etag! } };
    done(await office.department.post(`cases/${id}/notes`, { note: '内部备注' }));
    done(await office.department.post(`cases/${id}/contact`, { mode: 'PHONE' }));
    const second = await office.window.post(`cases/${id}/remind`, undefined, stale);
    expect([second.status, second.json.code]).toEqual([412, 'stale-version']);
    expect(second.json.changedSince.map(({ type, role }: { type: string; role: string }) => [type, role])).toEqual([
      ['NoteAdded', 'department'],
      ['RequesterContacted', 'department'],
    ]);
    const own = await talent.post(`cases/${id}/remind`, undefined, stale);
    expect(own.json.changedSince.map(({ type }: { type: string }) => type)).toEqual(['RequesterContacted']);
    const stranger = await api.as('department', { departmentId: 'jtj' });
    expect(await stranger.post(`cases/${id}/sign`, undefined, stale)).toMatchObject({ status: 403, json: { code: 'not-yours' } });
  });

  it('keeps every shape it has written', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
