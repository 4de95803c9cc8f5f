import { type Client, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';

const [OURS, OTHERS] = ['91350100M000100Y43', '91371302MA0000000G'];
const MATTER = {
  itemCode: '05',
  channelId: 'window',
  urgency: 'NORMAL',
  matter: '子女转入本区小学',
  concerns: [{ relation: 'CHILD', name: '李小明' }],
};

describe('an employer that acts for its talents (单位代办), through the API', () => {
  let api: TestApi;
  let office: Office;
  let employer: Client;
  let other: Client;
  const now = Date.parse('2026-10-12T09:00:00+08:00');
  let talentId: string;
  let caseId: string;

  const refused = async (reply: ReturnType<Client['get']>, status: number, code: string, field?: string) => {
    const { json, status: given } = await reply;
    expect({ status: given, code: json.code, field: json.field ?? json.errors?.[0]?.field }).toMatchObject({
      status,
      code,
      ...(field === undefined ? {} : { field }),
    });
  };
  const correct = async (changes: object) =>
    done(await office.window.send('PATCH', `talents/${talentId}`, { changes, reason: '人才调动' }));
  const idsOf = async (client: Client, path: string): Promise<string[]> =>
    done(await client.get(path)).json.items.map(({ id }: { id: string }) => id);

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    employer = await api.as('employer', { employerId: OURS });
    other = await api.as('employer', { employerId: OTHERS });
    talentId = done(await office.window.post('talents', { ...someTalent(), employerId: OURS }), 201).json.id;
  }, 60_000);
  afterAll(() => api?.stop());

  it('is named by its credit code, whose check character is looked at', async () => {
    const wrong = { ...someTalent(), employerId: '91350100M000100Y44' };
    await refused(office.window.post('talents', wrong), 422, 'employer-id-invalid', 'employerId');
    expect(done(await office.window.get(`talents/${talentId}`)).json.employerId).toBe(OURS);
    expect(done(await office.window.get(`talents/${office.talentId}`)).json.employerId).toBeNull();
    const admin = await api.as('admin');
    const account = { login: 'hr@example', password: 'a-long-password', role: 'employer' };
    await refused(admin.post('auth/users', account), 422, 'affiliation-needed', 'employerId');
    done(await admin.post('auth/users', { ...account, employerId: OURS }), 201);
    const token = done(await admin.post('auth/token', { login: account.login, password: account.password })).json;
    expect(done(await api.withToken(token.accessToken).get('me')).json).toMatchObject({ role: 'employer', employerId: OURS });
    const odd = await api.as('employer', { employerId: 'acme' });
    await refused(odd.get('me'), 401, 'token-invalid');
  });

  it('registers matters of its own talents, and of nobody else', async () => {
    expect(await idsOf(employer, 'employer/talents')).toEqual([talentId]);
    expect(await idsOf(other, 'employer/talents')).toEqual([]);
    await refused(other.post('cases', { ...MATTER, talentId }), 403, 'not-yours');
    await refused(employer.post('cases', { ...MATTER, talentId: office.talentId }), 403, 'not-yours');
    const nobody = await api.as('employer');
    await refused(nobody.post('cases', { ...MATTER, talentId }), 403, 'employer-unknown');
    for (const path of ['employer/talents', 'employer/cases']) await refused(nobody.get(path), 403, 'employer-unknown');
    await refused(nobody.get('stream', { accept: 'text/event-stream' }), 403, 'employer-unknown');
    const made = done(await employer.post('cases', { ...MATTER, talentId }), 201);
    caseId = made.json.id;
    expect(made.headers.location).toBe(`/api/v1/employer/cases/${caseId}`);
    expect((await office.lastEvent(caseId, 'CaseRegistered')).employerId).toBe(OURS);
  });

  it('is told how far its cases are, and none of the words in them', async () => {
    done(await office.window.post(`cases/${caseId}/accept`, { deferred: { materials: '户口簿', until: '2026-10-20' } }));
    // What the talent brought itself is no business of the employer.
    const own = done(await office.window.post('cases', { ...MATTER, talentId }), 201).json.id;
    const { json, text } = done(await employer.get(`employer/cases/${caseId}`));
    expect(json).toMatchObject({
      talent: { id: talentId, name: '张测试' },
      itemCode: '05',
      status: 'ACCEPTED',
      promise: { first: expect.any(String), overdue: false },
      needed: [{ kind: 'DEFERRED', until: '2026-10-20', answered: false, overdue: false }],
    });
    for (const words of [MATTER.matter, '李小明', '户口簿', '13900000000']) expect(text).not.toContain(words);
    expect(await idsOf(employer, 'employer/cases')).toEqual([caseId]);
    expect(await idsOf(other, 'employer/cases')).toEqual([]);
    await refused(employer.get(`employer/cases/${own}`), 404, 'case-not-found');
    await refused(other.get(`employer/cases/${caseId}`), 404, 'case-not-found');
    await refused(office.window.get(`employer/cases/${caseId}`), 403, 'role-not-allowed');
    for (const path of [`cases/${caseId}`, `cases/${caseId}/history`, `cases/${caseId}/messages`, 'queue', 'my/cases'])
      await refused(employer.get(path), 403, 'role-not-allowed');
  });

  it('reads its cases page by page', async () => {
    const more = done(await employer.post('cases', { ...MATTER, talentId }), 201).json.id;
    const all = await idsOf(employer, 'employer/cases');
    expect(new Set(all)).toEqual(new Set([caseId, more]));
    const first = done(await employer.get('employer/cases?limit=1')).json;
    const second = done(await employer.get(`employer/cases?limit=1&cursor=${first.next}`)).json;
    expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual(all);
    expect(second.next).toBeNull();
    for (const path of ['employer/cases', 'employer/talents'])
      await refused(employer.get(`${path}?cursor=nonsense`), 400, 'cursor-invalid', 'cursor');
  });

  it('hands in what is missing, reminds, and withdraws what it registered, and nothing else', async () => {
    const own = done(await office.window.post('cases', { ...MATTER, talentId }), 201).json.id;
    for (const client of [employer, other]) await refused(client.post(`cases/${own}/remind`), 403, 'not-yours');
    await refused(other.post(`cases/${caseId}/remind`), 403, 'not-yours');
    const { json, headers } = done(await employer.get(`employer/cases/${caseId}`));
    expect(json).toMatchObject({
      possibleSteps: expect.arrayContaining(['RemindCase', 'WithdrawCase']),
      promise: { changes: [] },
    });
    done(await employer.post(`cases/${caseId}/remind`));
    await refused(employer.post(`cases/${caseId}/remind`), 409, 'reminded-already');
    const stale = await employer.post(
      `cases/${caseId}/withdraw`,
      { reasonCode: 'NO_LONGER_NEEDED' },
      { headers: { 'if-match': headers.etag! } },
    );
    expect([stale.status, stale.json.changedSince]).toMatchObject([412, [{ type: 'ReminderSent', role: 'employer' }]]);
    await refused(
      other.post(`cases/${caseId}/withdraw`, { reasonCode: 'NO_LONGER_NEEDED' }, { headers: { 'if-match': headers.etag! } }),
      403,
      'not-yours',
    );
    // Nothing is waited for yet.
    expect((await employer.post(`cases/${caseId}/reply`, { reply: '已补齐' })).json).toMatchObject({
      status: 409,
      code: 'illegal-step',
    });
    done(await office.window.post(`cases/${caseId}/dispatch`, {}));
    const department = await api.as('department', { departmentId: 'jtj' });
    done(await department.post(`cases/${caseId}/sign`));
    done(await department.post(`cases/${caseId}/supplement`, { materials: '户口簿', until: '2026-10-19' }));
    expect(done(await employer.get(`employer/cases/${caseId}`)).json).toMatchObject({
      needed: [{ kind: 'NOTICE', until: '2026-10-19', answered: false }, { kind: 'DEFERRED' }],
      promise: { changes: [{ kind: 'PAUSE', reasonCode: 'AWAITING_MATERIALS' }] },
    });
    done(await employer.post(`cases/${caseId}/reply`, { reply: '已补齐,交窗口' }));
    expect(done(await employer.get(`employer/cases/${caseId}`)).json.needed[0]).toMatchObject({ kind: 'NOTICE', answered: true });
    const more = (await idsOf(employer, 'employer/cases')).find((id) => id !== caseId)!;
    done(await employer.post(`cases/${more}/withdraw`, { reasonCode: 'NO_LONGER_NEEDED' }));
    expect(done(await employer.get(`employer/cases/${more}`)).json).toMatchObject({ status: 'WITHDRAWN', possibleSteps: [] });
  });

  it('sees nothing any more of a talent who has left, and the next employer nothing of before', async () => {
    await correct({ employerId: OTHERS });
    for (const path of ['employer/cases', 'employer/talents']) expect(await idsOf(employer, path)).toEqual([]);
    await refused(employer.get(`employer/cases/${caseId}`), 404, 'case-not-found');
    for (const client of [employer, other]) await refused(client.post(`cases/${caseId}/remind`), 403, 'not-yours');
    await refused(employer.post('cases', { ...MATTER, talentId }), 403, 'not-yours');
    expect(await idsOf(other, 'employer/cases')).toEqual([]);
    expect(await idsOf(other, 'employer/talents')).toEqual([talentId]);
    await correct({ employerId: null });
    expect(await idsOf(other, 'employer/talents')).toEqual([]);
    await refused(other.post('cases', { ...MATTER, talentId }), 403, 'not-yours');
  });

  it('leaves events of shapes that are kept', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
