import { type Client, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('the side paths of a case, through the API', () => {
  let api: TestApi;
  let office: Office;
  let talent: Client;
  let now = Date.parse('2026-10-12T09:00:00+08:00');

  const refused = async (client: Client, path: string, body: object, status: number, code: string, field?: string) => {
    const { json, status: given } = await client.post(path, body);
    expect({ status: given, code: json.code, field: json.field ?? json.errors?.[0]?.field }).toMatchObject({
      status,
      code,
      ...(field === undefined ? {} : { field }),
    });
  };

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    talent = await api.as('talent', { talentId: office.talentId });
  }, 60_000);
  afterAll(() => api?.stop());

  it('answers at once, and the talent reads the answer', async () => {
    const id = await office.accepted({ urgency: 'ENQUIRY' });
    expect((await office.shown(id)).possibleSteps).toContain('AnswerDirectly');
    done(await office.window.post(`cases/${id}/answer`, { reply: '可在网上直接办理' }));
    expect(await office.shown(id)).toMatchObject({
      status: 'CLOSED',
      direct: true,
      result: { outcome: 'ANSWERED', reply: '可在网上直接办理' },
      clocks: [expect.objectContaining({ kind: 'total', onTime: true })],
    });
    expect(done(await talent.get(`cases/${id}`)).json.result.reply).toBe('可在网上直接办理');
    await refused(office.window, `cases/${id}/answer`, { reply: '再答' }, 409, 'illegal-step');
    await refused(office.window, `cases/${id}/answer`, { reply: '答', secret: 1 }, 400, 'unknown-field', 'secret');
  });

  it('refuses a return, and gives a case that was returned twice to another department', async () => {
    const id = await office.signedFor();
    done(await office.department.post(`cases/${id}/return`, { reasonCode: 'NOT_OUR_DUTY', proposedDepartmentId: 'ybj' }));
    expect((await office.shown(id)).possibleSteps).toEqual(expect.arrayContaining(['RefuseReturn', 'DispatchCase']));
    await refused(office.department, `cases/${id}/return/refuse`, { reasonCode: 'IS_YOUR_DUTY' }, 403, 'role-not-allowed');
    done(await office.window.post(`cases/${id}/return/refuse`, { reasonCode: 'IS_YOUR_DUTY', reason: '职责清单第三项' }));
    expect(await office.shown(id)).toMatchObject({ status: 'SIGNED_FOR', department: { id: 'rsj' } });
    done(await office.department.post(`cases/${id}/return`, { reasonCode: 'NOT_OUR_DUTY' }));
    done(await office.window.post(`cases/${id}/return/refuse`, { reasonCode: 'LEAD_DECIDED' }));
    expect((await office.shown(id)).returns).toEqual({ count: 2, departmentIds: ['rsj', 'rsj'] });
    const move = { departmentId: 'ybj', reasonCode: 'RETURNED_REPEATEDLY' };
    await refused(
      office.window,
      `cases/${id}/reassign`,
      { ...move, departmentId: 'rsj' },
      422,
      'department-leads-already',
      'departmentId',
    );
    await refused(office.window, `cases/${id}/reassign`, { ...move, reasonCode: 'BORED' }, 422, 'not-one-of', 'reasonCode');
    const before = (await office.shown(id)).clocks.find(({ kind }: { kind: string }) => kind === 'total').due;
    done(await office.window.post(`cases/${id}/reassign`, move));
    const after = await office.shown(id);
    expect(after).toMatchObject({ status: 'DISPATCHED', department: { id: 'ybj' } });
    expect(after.clocks.find(({ kind }: { kind: string }) => kind === 'total').due).toBe(before);
    expect((await office.department.get(`cases/${id}`)).status).toBe(403);
  });

  it('asks once for what is missing, and closes what is never handed in', async () => {
    const [handedIn, never] = [await office.signedFor(), await office.signedFor()];
    const notice = { materials: '户口簿、服务协议各一份，交至人才服务窗口', until: '2026-10-14' };
    await refused(
      office.department,
      `cases/${never}/supplement`,
      { ...notice, until: '2026-10-12' },
      422,
      'until-not-later',
      'until',
    );
    await refused(office.department, `cases/${never}/supplement`, { until: '2026-10-14' }, 400, 'field-required', 'materials');
    for (const id of [handedIn, never]) done(await office.department.post(`cases/${id}/supplement`, notice));
    expect(await office.shown(never)).toMatchObject({
      paused: { reasonCode: 'AWAITING_MATERIALS' },
      supplement: { until: '2026-10-14', asked: 1 },
    });
    done(await office.window.post(`cases/${handedIn}/supplement/receive`, { received: '户口簿一份' }));
    await refused(office.department, `cases/${handedIn}/supplement`, notice, 409, 'second-notice-needs-reason', 'reason');
    done(await office.department.post(`cases/${handedIn}/supplement`, { ...notice, reason: '服务协议缺页' }));
    expect((await office.shown(handedIn)).supplement.asked).toBe(2);
    done(await talent.post(`cases/${handedIn}/reply`, { reply: '已寄出' }));
    now = Date.parse('2026-10-15T09:00:00+08:00');
    await until('the case to be closed', async () => (await office.shown(never)).status === 'CLOSED');
    expect(await office.shown(never)).toMatchObject({ closedAt: '2026-10-15T00:00:00+08:00', paused: null, result: null });
    expect((await office.shown(handedIn)).status).toBe('SIGNED_FOR');
  });

  it('counts reminders, one a day for each person', async () => {
    const id = await office.signedFor();
    done(await talent.post(`cases/${id}/remind`));
    await refused(talent, `cases/${id}/remind`, {}, 409, 'reminded-already');
    done(await office.window.post(`cases/${id}/remind`));
    expect((await office.shown(id)).reminders).toMatchObject({ count: 2 });
  });

  it('never shows a note to the talent, who reads and writes messages', async () => {
    const id = await office.signedFor();
    const secret = '内部：此人材料疑似不实';
    done(await office.window.post(`cases/${id}/notes`, { note: secret }));
    done(await talent.post(`cases/${id}/messages`, { message: '请问进展如何' }));
    expect((await office.shown(id)).talentWroteAt).not.toBeNull();
    done(await office.department.post(`cases/${id}/messages`, { message: '已在办理，本周内答复' }));
    expect((await office.shown(id)).talentWroteAt).toBeNull();
    const told = done(await talent.get(`cases/${id}/messages`)).json.items;
    expect(told.map(({ direction, message }: { direction: string; message: string }) => [direction, message])).toEqual([
      ['FROM_TALENT', '请问进展如何'],
      ['TO_TALENT', '已在办理，本周内答复'],
    ]);
    expect(done(await office.department.get(`cases/${id}/notes`)).json.items).toEqual([
      expect.objectContaining({ role: 'window', note: secret }),
    ]);
    await refused(talent, `cases/${id}/notes`, { note: '我也写' }, 403, 'role-not-allowed');
    expect((await talent.get(`cases/${id}/notes`)).status).toBe(403);
    for (const path of [`cases/${id}`, `cases/${id}/messages`, 'my/cases', `cases/${id}/clocks/total/explain`]) {
      const { text } = done(await talent.get(path));
      expect([path, text.includes(secret), text.includes('NoteAdded')]).toEqual([path, false, false]);
    }
    const stranger = await api.as('department', { departmentId: 'jtj' });
    for (const what of ['notes', 'messages']) expect((await stranger.get(`cases/${id}/${what}`)).status).toBe(403);
    expect((await office.window.get('cases/00000000-0000-4000-8000-000000000000/notes')).status).toBe(404);
  });

  it('is supervised by order, worked off, closed and put away', async () => {
    const id = await office.signedFor();
    await refused(office.window, `cases/${id}/supervision`, { reasonCode: 'COMPLAINT' }, 403, 'role-not-allowed');
    done(await office.supervisor.post(`cases/${id}/supervision`, { reasonCode: 'COMPLAINT', reason: '来信反映' }));
    await refused(office.supervisor, `cases/${id}/supervision`, { reasonCode: 'COMPLAINT' }, 409, 'illegal-step');
    done(await office.department.post(`cases/${id}/supervision/work-off`, { report: '已约谈承办人' }));
    expect((await office.shown(id)).supervisions).toMatchObject([
      { cause: 'ORDERED', closedAt: null, workedOffAt: expect.any(String) },
    ]);
    done(await office.department.post(`cases/${id}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    done(await office.window.post(`cases/${id}/result/accept`));
    done(await office.window.post(`cases/${id}/callback`, { reachability: 'VALID', resolved: true, satisfaction: 5 }));
    done(await office.window.post(`cases/${id}/close`));
    await refused(office.window, `cases/${id}/archive`, {}, 409, 'illegal-step');
    done(await office.supervisor.post(`cases/${id}/supervision/close`, { remark: '属实，已整改' }));
    done(await office.window.post(`cases/${id}/archive`));
    expect(await office.shown(id)).toMatchObject({ status: 'ARCHIVED', possibleSteps: [] });
    await refused(talent, `cases/${id}/rating`, { satisfaction: 5 }, 409, 'illegal-step');
    expect(done(await office.window.get('queue?status=ARCHIVED')).json.total).toBe(1);
  });

  it('comes under supervision by itself when the promise is broken, and after a bad review', async () => {
    const [late, bad] = [await office.signedFor({ urgency: 'ENQUIRY' }), await office.signedFor()];
    done(await office.department.post(`cases/${bad}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    done(await office.window.post(`cases/${bad}/result/accept`));
    done(await talent.post(`cases/${bad}/rating`, { satisfaction: 1 }));
    now = Date.parse('2026-10-20T09:00:00+08:00');
    const causes = async (id: string) => (await office.shown(id)).supervisions.map(({ cause }: { cause: string }) => cause);
    await until('the supervision of what is late', async () => (await causes(late)).includes('OVERDUE'));
    await until('the supervision of the bad review', async () => (await causes(bad)).includes('DISSATISFIED'));
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
