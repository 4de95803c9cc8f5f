import { randomUUID } from 'node:crypto';
import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';

/** What the story has made so far. */
interface Told {
  talentId: string;
  specialistId: string;
  cardId: string;
  cardNumber: string;
  caseId: string;
}

describe('the story of a matter, told through the API', () => {
  let api: TestApi;
  const told = {} as Told;
  const who = {} as Record<
    'window' | 'secondWindow' | 'talent' | 'department' | 'specialist' | 'colleague' | 'supervisor' | 'auditor' | 'venue',
    Client
  >;

  beforeAll(async () => {
    api = await startTestApi();
    for (const role of ['window', 'supervisor', 'auditor', 'venue'] as const) who[role] = await api.as(role);
    who.secondWindow = await api.as('window');
    who.department = await api.as('department', { departmentId: 'rsj' });
  }, 60_000);
  afterAll(() => api?.stop());

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const theCase = async (client: Client) => done(await client.get(`cases/${told.caseId}`)).json;
  const step = async (client: Client, path: string, body?: unknown) =>
    done(await client.post(`cases/${told.caseId}/${path}`, body)).json;

  it('registers a talent, whose document stays masked', async () => {
    const created = done(await who.window.post('talents', someTalent()), 201);
    told.talentId = created.json.id;
    expect(created.json).toMatchObject({ revision: '0', events: ['TalentRegistered'] });
    expect(created.headers).toMatchObject({
      location: `/api/v1/talents/${told.talentId}`,
      etag: '"0"',
      'x-position': created.json.position,
    });
    const shown = done(await who.window.get(`talents/${told.talentId}`));
    expect(shown.json).toMatchObject({ name: '张测试', phone: '13900000000', category: 'M' });
    expect(shown.json.documentNumber).toMatch(/^\*+\w{4}$/);
    expect(done(await who.auditor.get(`talents/${told.talentId}`)).json).toMatchObject({ name: '张**', phone: '139****0000' });
    who.talent = await api.as('talent', { talentId: told.talentId });
    expect(done(await who.talent.get(`talents/${told.talentId}`)).json.phone).toBe('13900000000');
  });

  it('corrects a talent, who is then found by what is true and no longer by what was', async () => {
    const found = async (body: object) => done(await who.window.post('talents/search', body)).json.items;
    const phone = '13900000001';
    done(await who.window.send('PATCH', `talents/${told.talentId}`, { changes: { phone }, reason: '号码登记错误' }));
    done(await who.window.get(`talents/${told.talentId}`));
    expect(await found({ phone: '+86 139 0000 0001' })).toEqual([
      expect.objectContaining({ id: told.talentId, name: '张**', phone: '139****0001' }),
    ]);
    expect(await found({ phone: '13900000000' })).toEqual([]);
  });

  it('enrols a specialist and gives them to the talent', async () => {
    const enrolled = done(await who.supervisor.post('specialists', { name: '李专员', kind: 'ITEM', departmentId: 'rsj' }), 201);
    told.specialistId = enrolled.json.id;
    who.specialist = await api.as('specialist', { specialistId: told.specialistId });
    done(await who.window.send('PUT', `talents/${told.talentId}/specialist`, { specialistId: told.specialistId }));
    const primary = done(await who.talent.get(`talents/${told.talentId}/specialist`));
    expect(primary.json).toMatchObject({ specialistId: told.specialistId });
    expect(done(await who.window.get('specialists?departmentId=rsj')).json.items).toEqual([
      {
        ...{ id: told.specialistId, name: '李专员', kind: 'ITEM', departmentId: 'rsj', itemCodes: [], areas: [], capacity: null },
        ...{ absentToday: false, leave: null, standIn: null },
      },
    ]);
  });

  it('hands the talent over to another specialist and back', async () => {
    const other = done(await who.supervisor.post('specialists', { name: '王专员', kind: 'WINDOW', departmentId: 'rsj' }), 201);
    who.colleague = await api.as('specialist', { specialistId: other.json.id });
    for (const toSpecialistId of [other.json.id, told.specialistId])
      done(await who.window.post(`talents/${told.talentId}/specialist/hand-over`, { toSpecialistId, reason: '轮岗' }));
    const primary = done(await who.talent.get(`talents/${told.talentId}/specialist`));
    expect(primary.json).toMatchObject({ specialistId: told.specialistId, revision: '2' });
  });

  it('takes a card from application to use', async () => {
    const cards = `talents/${told.talentId}/cards`;
    const applied = done(await who.talent.post(`talents/${told.talentId}/card-applications`, { cardType: 'YIMENG_HUICAI' }), 201);
    told.cardId = applied.json.id;
    done(await who.supervisor.post(`talents/${told.talentId}/card-applications/${told.cardId}/review`, { decision: 'APPROVED' }));
    const issued = done(await who.window.post(cards, { cardType: 'YIMENG_HUICAI', applicationId: told.cardId }), 201);
    told.cardNumber = issued.json.number;
    expect(issued.json).toMatchObject({ id: told.cardId, track: 'REVIEW', events: ['CardIssued'] });
    const verify = async () => done(await who.venue.get(`cards/verify/${told.cardNumber}`)).json;
    expect(await verify()).toMatchObject({ valid: false, status: 'ISSUED' });
    done(await who.talent.post(`${cards}/${told.cardId}/activate`));
    expect(await verify()).toMatchObject({ valid: true, status: 'ACTIVE', validUntil: issued.json.validUntil });
    const mine = done(await who.talent.get('my/cards', { 'accept-language': 'en' }));
    expect(mine.json.items).toEqual([expect.objectContaining({ number: told.cardNumber, progress: 'In use' })]);
  });

  it('registers a case for a child, in the talent’s words', async () => {
    const created = done(
      await who.talent.post('cases', {
        talentId: told.talentId,
        itemCode: '04',
        channelId: 'online',
        urgency: 'NORMAL',
        matter: '社保转移',
        concerns: [{ relation: 'CHILD', name: '张小测' }],
      }),
      201,
    );
    told.caseId = created.json.id;
    expect(created.json.number).toMatch(/^LS-\d{4}-\d{6}$/);
    expect(await theCase(who.talent)).toMatchObject({
      number: created.json.number,
      status: 'REGISTERED',
      matter: '社保转移',
      itemName: '社会保险办理',
      concerns: [{ relation: 'CHILD', name: '张小测' }],
      possibleSteps: ['WithdrawCase', 'RemindCase', 'SendMessage'],
    });
    expect((await theCase(who.auditor)).concerns).toEqual([{ relation: 'CHILD', name: '张**' }]);
  });

  it('is accepted, dispatched and signed for; each sees the steps that are theirs', async () => {
    await step(who.window, 'accept');
    await step(who.window, 'dispatch', { coDepartmentIds: ['ybj'] });
    expect((await theCase(who.department)).possibleSteps).toEqual([
      'SignForCase',
      'ReturnCase',
      'AssignCase',
      'ContactRequester',
      'GiveOpinion',
      'TagCase',
      'AddNote',
      'SendMessage',
    ]);
    const co = await api.as('department', { departmentId: 'ybj' });
    expect(await theCase(co)).toMatchObject({ status: 'DISPATCHED', possibleSteps: [] });
    await step(who.department, 'sign');
    const seen = async (client: Client) => done(await client.get('queue')).json.total;
    expect(await Promise.all([who.colleague, co, who.department, who.supervisor].map(seen))).toEqual([1, 1, 1, 1]);
    await step(who.specialist, 'take');
    expect(await Promise.all([who.colleague, co, who.department, who.specialist].map(seen))).toEqual([0, 1, 1, 1]);
    expect(done(await who.colleague.get(`cases/${told.caseId}`), 403).json.code).toBe('not-yours');
    expect(done(await who.colleague.post(`cases/${told.caseId}/take`), 409).json.code).toBe('illegal-step');
    expect(done(await who.colleague.get(`talents/${told.talentId}`), 403).json.code).toBe('not-yours');
    expect(done(await who.department.get(`talents/${told.talentId}`)).json.phone).toBe('13900000001');
    await step(who.specialist, 'contact', { mode: 'PHONE' });
    await step(who.specialist, 'opinions', { opinion: '材料齐全' });
    const shown = await theCase(who.specialist);
    expect(shown).toMatchObject({ status: 'SIGNED_FOR', specialistId: told.specialistId, talent: { phone: '13900000001' } });
    expect(shown.clocks.map((clock: { kind: string; light: string | null }) => [clock.kind, clock.light])).toEqual([
      ['total', 'GREEN'],
      ['signFor', null],
      ['firstContact', null],
      ['opinion', null],
      ['handling', 'GREEN'],
    ]);
    expect(shown.clocks[0].due).toMatch(/T\d{2}:\d{2}:\d{2}\+08:00$/);
  });

  it('is paused, resumed and extended; the talent sees what moved the promise', async () => {
    await step(who.specialist, 'pause', { reasonCode: 'AWAITING_MATERIALS', reason: '等待社保证明' });
    expect((await theCase(who.talent)).paused).toMatchObject({ reasonCode: 'AWAITING_MATERIALS' });
    await step(who.specialist, 'resume');
    await step(who.specialist, 'extension', { workingDays: 3, reasonCode: 'COMPLEX' });
    await step(who.supervisor, 'extension/grant');
    const [mine] = done(await who.talent.get('my/cases')).json.items;
    expect(mine).toMatchObject({ id: told.caseId, progress: '承办单位正在办理', next: '承办单位将提交办理结果' });
    expect(mine.promise.changes.map((change: { kind: string }) => change.kind)).toEqual(['PAUSE', 'EXTENSION']);
    expect(Date.parse(mine.promise.today)).toBeGreaterThan(Date.parse(mine.promise.first));
  });

  it('is answered, sent back, answered again, called back, rated and closed', async () => {
    await step(who.specialist, 'result', { outcome: 'ANSWERED', reply: '请补充材料' });
    await step(who.window, 'result/send-back', { reasonCode: 'INCOMPLETE_ANSWER', reason: '答复不完整' });
    await step(who.specialist, 'result', { outcome: 'SOLVED', reply: '已办结转移' });
    await step(who.window, 'result/accept');
    await step(who.secondWindow, 'callback', { reachability: 'VALID', resolved: true, satisfaction: 5 });
    await step(who.talent, 'rating', { satisfaction: 5, comment: '很好' });
    await step(who.window, 'close');
    expect(await theCase(who.talent)).toMatchObject({
      status: 'CLOSED',
      rating: 5,
      result: { outcome: 'SOLVED', reply: '已办结转移' },
    });
  });

  it('agrees in every view', async () => {
    const detail = await theCase(who.supervisor);
    const history = done(await who.auditor.get(`cases/${told.caseId}/history`)).json;
    expect(history.events.map((event: { type: string }) => event.type)).toEqual([
      'CaseRegistered',
      'CaseAccepted',
      'CaseDispatched',
      'CaseSignedFor',
      'CaseTaken',
      'RequesterContacted',
      'OpinionGiven',
      'ClockPaused',
      'ClockResumed',
      'ExtensionRequested',
      'ExtensionGranted',
      'ResultSubmitted',
      'ResultSentBack',
      'ResultSubmitted',
      'ResultAccepted',
      'CallbackRecorded',
      'CaseRated',
      'CaseClosed',
    ]);
    expect(history.chain).toMatchObject({ verified: true, events: 18, head: history.events.at(-1).hash });
    expect(history.events.at(-1).revision).toBe(detail.revision);
    expect(history.events[7]).toMatchObject({
      reasonCode: 'AWAITING_MATERIALS',
      who: { role: 'specialist' },
      data: { reason: '等待社保证明' },
    });
    expect(history.events[0].data.subjects[1].name).toBe('张**');
    const queue = done(await who.window.get('queue?open=false')).json;
    expect(queue).toMatchObject({ total: 1, items: [{ id: told.caseId, number: detail.number, status: 'CLOSED', light: null }] });
    expect(done(await who.window.get('queue')).json).toEqual({
      items: [],
      total: 0,
      atLeast: null,
      next: null,
      previous: null,
    });
    const month = detail.acceptedAt.slice(0, 7);
    for (const by of ['item', 'department', 'month'])
      expect(done(await who.supervisor.get(`reports/sla?by=${by}&from=${month}&to=${month}`)).json.rows).toEqual([
        expect.objectContaining({
          opened: 1,
          closed: 1,
          onTime: 1,
          overdue: 0,
          resolutionRate: expect.objectContaining({ value: 1 }),
          completionRate: expect.objectContaining({ value: 1 }),
          callbackRate: expect.objectContaining({ value: 1 }),
          reopenRate: expect.objectContaining({ value: 0 }),
        }),
      ]);
  });

  it('is reopened and shows both cycles', async () => {
    await step(who.supervisor, 'reopen', { reasonCode: 'NEW_FACTS' });
    const detail = await theCase(who.window);
    expect(detail).toMatchObject({ status: 'ACCEPTED', cycle: 2, rating: null, sealedCycles: [{ cycle: 1, rating: 5 }] });
    expect(detail.clocks.filter(({ status }: { status: string }) => status === 'SEALED')).toHaveLength(6);
    await step(who.talent, 'withdraw', { reasonCode: 'SOLVED_OTHERWISE' });
  });

  it('ends the card: lost, then withdrawn for good', async () => {
    const card = `talents/${told.talentId}/cards/${told.cardId}`;
    done(await who.talent.post(`${card}/loss`));
    done(await who.supervisor.post(`${card}/revoke`, { reason: '不再符合条件', legalBasis: '管理办法第九条' }));
    expect(done(await who.venue.get(`cards/verify/${told.cardNumber}`)).json).toMatchObject({ valid: false, status: 'REVOKED' });
    const direct = done(await who.window.post(`talents/${told.talentId}/cards`, { cardType: 'YIMENG_HUICAI' }), 201);
    expect(direct.json).toMatchObject({ track: 'DIRECT' });
    const list = done(await who.window.get(`talents/${told.talentId}/cards`));
    expect(list.json.items.map(({ status }: { status: string }) => status).sort()).toEqual(['ISSUED', 'REVOKED']);
  });

  it('keeps the service list and the network as data of their own', async () => {
    const admin = await api.as('admin');
    done(await admin.post('departments', { departmentId: 'xfj', name: '信访局' }), 201);
    done(await admin.post('channels', { channelId: 'kiosk', kind: 'ONLINE', name: '自助终端' }), 201);
    done(await admin.post('routes', { itemCode: '05', leadDepartmentId: 'xfj', effectiveFrom: '2026-01-01' }), 201);
    const network = done(await who.talent.get('channels')).json;
    expect(network.departments).toContainEqual({ id: 'xfj', name: '信访局' });
    expect(network.routes).toContainEqual(expect.objectContaining({ itemCode: '05', leadDepartmentId: 'xfj' }));
    const items = [{ code: '01', name: '医疗保健绿色通道', kind: 'C', leadDepartmentId: 'wjj', evidence: 'ARTICLE' }];
    done(await admin.post('catalogue/versions', { version: '2099-test', items }), 201);
    done(await admin.post('catalogue/versions/2099-test/publish', { effectiveFrom: '2099-01-01' }));
    expect(done(await who.talent.get('catalogue/2099-test')).json).toEqual({
      version: '2099-test',
      effectiveFrom: '2099-01-01',
      status: 'PUBLISHED',
      items,
    });
    expect(done(await who.talent.get('catalogue')).json.items).toHaveLength(2);
  });

  it('wrote down who read whose data and what for', async () => {
    const correlationId = randomUUID();
    const headers = { 'x-correlation-id': correlationId, 'x-purpose': 'audit.sample' };
    done(await who.auditor.get(`cases/${told.caseId}`, headers));
    const { rows } = await api.t.system.pool.query(
      'select subject_id, role, purpose, resource from access_log.reads where correlation_id = $1 order by id',
      [correlationId],
    );
    expect(new Set(rows.map(({ subject_id }: { subject_id: string }) => subject_id)).size).toBe(2);
    expect(rows).toContainEqual({
      subject_id: told.talentId,
      role: 'auditor',
      purpose: 'audit.sample',
      resource: `cases/${told.caseId}`,
    });
  });

  it('tells a talent what was done in which role, and not by whom', async () => {
    const history = done(await who.talent.get(`cases/${told.caseId}/history`)).json;
    const [registered, accepted] = history.events;
    expect(registered.who).toEqual({ id: expect.stringContaining('urn:huicai:local|'), role: 'talent' });
    expect(accepted.who).toEqual({ id: null, role: 'window' });
  });

  it('shows of an erased person that they were erased, and takes nothing more about them', async () => {
    const { id } = done(await who.window.post('talents', someTalent()), 201).json;
    await api.t.system.vault.destroySubjectKey(id);
    expect(done(await who.auditor.get(`talents/${id}`)).json).toMatchObject({ name: '已删除', phone: '已删除' });
    const correction = { changes: { name: '新名' }, reason: '改名' };
    const refused = done(await who.window.send('PATCH', `talents/${id}`, correction), 409);
    expect(refused.json).toMatchObject({ code: 'subject-erased' });
  });

  it('logs requests without anybody’s id or name', () => {
    const text = api.lines.join('\n');
    expect(text).toContain('GET /api/v1/cases/:caseId 200');
    expect(text).not.toContain(told.talentId);
    expect(text).not.toContain('张测试');
    expect(text).not.toMatch(/fault /);
  });
});
