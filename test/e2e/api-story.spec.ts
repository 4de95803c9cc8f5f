import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';

describe('the story of a matter, told through the API', () => {
  let api: TestApi;
  let talentId: string;
  let caseId: string;
  let window: Client;
  let talent: Client;
  let department: Client;
  let specialist: Client;
  let supervisor: Client;
  beforeAll(async () => {
    api = await startTestApi();
    [window, supervisor] = await Promise.all([api.as('window'), api.as('supervisor')]);
    department = await api.as('department', { departmentId: 'rsj' });
  }, 60_000);
  afterAll(() => api?.stop());

  const done = (reply: Reply): Reply => {
    if (reply.status >= 300) throw new Error(`${reply.status} ${reply.text}`);
    return reply;
  };

  it('registers a talent and shows them', async () => {
    const created = done(await window.post('talents', someTalent()));
    expect(created.status).toBe(201);
    talentId = created.json.id;
    expect(created.json).toMatchObject({ revision: '0', events: ['TalentRegistered'] });
    expect(created.headers).toMatchObject({
      location: `/api/v1/talents/${talentId}`,
      etag: '"0"',
      'x-position': created.json.position,
    });
    const shown = done(await window.get(`talents/${talentId}`));
    expect(shown.json).toMatchObject({ id: talentId, name: '张测试', phone: '13900000000', category: 'M' });
    expect(shown.json.documentNumber).toMatch(/^\*+\w{4}$/);
    talent = await api.as('talent', { talentId });
  });

  it('enrols a specialist and assigns them', async () => {
    const enrolled = done(await supervisor.post('specialists', { name: '李专员', kind: 'ITEM', departmentId: 'rsj' }));
    const specialistId = enrolled.json.id;
    specialist = await api.as('specialist', { specialistId });
    done(await window.send('PUT', `talents/${talentId}/specialist`, { specialistId }));
    expect(done(await talent.get(`talents/${talentId}/specialist`)).json).toMatchObject({ specialistId });
  });

  it('registers a case', async () => {
    const created = done(
      await talent.post('cases', { talentId, itemCode: '04', channelId: 'online', urgency: 'NORMAL', matter: '社保转移' }),
    );
    caseId = created.json.id;
    expect(created.json.number).toMatch(/^LS-\d{4}-\d{6}$/);
    expect(done(await talent.get(`cases/${caseId}`)).json).toMatchObject({ status: 'REGISTERED', matter: '社保转移' });
    done(await window.post(`cases/${caseId}/accept`));
    const queue = done(await window.get('queue'));
    expect(queue.json).toMatchObject({ total: 1, items: [{ id: caseId, status: 'ACCEPTED' }] });
    const history = done(await window.get(`cases/${caseId}/history`));
    expect(history.json.chain).toMatchObject({ verified: true, events: 2 });
    expect(history.json.events.map((event: { type: string }) => event.type)).toEqual(['CaseRegistered', 'CaseAccepted']);
  });
});
