import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const days = (n: number) => ({ kind: 'workingDays', days: n });
const minutes = (n: number) => ({ kind: 'workingTime', minutes: n });
const POLICY = {
  effectiveFrom: '2026-10-12',
  signFor: minutes(120),
  firstContact: minutes(120),
  opinion: days(1),
  callback: days(2),
  rectification: days(5),
  rules: [{ category: 'P1', limits: { handling: days(2) } }, { limits: { handling: days(8) } }],
  extension: { times: 1, maxWorkingDays: 10, totalMaxWorkingDays: 30 },
  returnWindow: { workingDays: 1 },
  lights: { yellowFraction: 0.25, yellowDayBeforeFromDays: 3, severeAfterWorkingDays: 5 },
  attentionLine: 0.7,
};
const CHANGES = 'policies/default/changes';
const TWO_DAYS = '2026-10-13T17:00:00+08:00';
const FIVE_DAYS = '2026-10-16T17:00:00+08:00';
const EIGHT_DAYS = '2026-10-21T17:00:00+08:00';

describe('limits that are changed while clocks run, through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-10-10T10:00:00+08:00');
  const who = {} as Record<'window' | 'talent' | 'department' | 'supervisor', Client>;
  /** One of a talent of category P1, one of another's. */
  let [quick, slow] = ['', ''];
  let changeId: string;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const accepted = async (category: string): Promise<[talentId: string, caseId: string]> => {
    const talentId = done(await who.window.post('talents', { ...someTalent(), category }), 201).json.id;
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    const caseId = done(await who.window.post('cases', matter), 201).json.id;
    done(await who.window.post(`cases/${caseId}/accept`));
    return [talentId, caseId];
  };
  const explain = async (caseId: string, asOf?: string) =>
    done(await who.supervisor.get(`cases/${caseId}/clocks/total/explain${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`)).json;
  const dues = async () => [(await explain(quick)).due, (await explain(slow)).due];
  const queued = async () => {
    const { items } = done(await who.window.get('queue')).json;
    return [quick, slow].map((id) => items.find((item: { id: string }) => item.id === id)?.totalDue);
  };
  const breaches = async (caseId: string): Promise<string[]> =>
    done(await who.supervisor.get(`cases/${caseId}`)).json.breaches.map(({ clockId }: { clockId: string }) => clockId);
  const preview = async (body: object, client = who.supervisor) =>
    client.post(`${CHANGES}/preview`, body, { headers: { 'x-min-position': await api.head() } });
  const apply = (body: object, client = who.supervisor) => client.post(CHANGES, { reason: '提速增效', ...body });

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor'] as const) who[role] = await api.as(role);
    who.department = await api.as('department', { departmentId: 'rsj' });
    let talentId: string;
    [talentId, quick] = await accepted('P1');
    [, slow] = await accepted('P2');
    who.talent = await api.as('talent', { talentId });
    done(await who.supervisor.post('policies/default/versions', { policy: POLICY, reason: '提速增效' }), 201);
  }, 60_000);
  afterAll(() => api?.stop());

  it('moves nothing by being published', async () => {
    now = Date.parse('2026-10-12T10:00:00+08:00');
    expect(await dues()).toEqual([FIVE_DAYS, FIVE_DAYS]);
  });

  it('shows which clocks would move, and writes nothing', async () => {
    const before = await api.head();
    const answer = done(await preview({ mode: 'retroactive', to: 2 })).json;
    expect(answer).toMatchObject({ clocks: 2, moved: 2, turnRed: 0, leaveRed: 0 });
    expect(answer.moves).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ caseId: quick, before: FIVE_DAYS, after: TWO_DAYS }),
        expect.objectContaining({ caseId: slow, before: FIVE_DAYS, after: EIGHT_DAYS }),
      ]),
    );
    const future = done(await preview({ mode: 'prospective', to: 2, fromDay: '2026-10-14' })).json;
    expect(future.moves).toEqual([expect.objectContaining({ caseId: slow, before: FIVE_DAYS, after: EIGHT_DAYS })]);
    expect(done(await preview({ mode: 'keep', to: 2 })).json).toMatchObject({ moved: 0, moves: [] });
    expect(await api.head()).toBe(before);
  });

  it.each<[string, object, number, string, string]>([
    ['a version there is not', { mode: 'retroactive', to: 3 }, 404, 'policy-version-not-found', 'to'],
    ['the version all clocks have', { mode: 'retroactive', to: 1 }, 422, 'change-not-later', 'to'],
    ['a day that has passed', { mode: 'prospective', to: 2, fromDay: '2026-10-11' }, 422, 'change-in-the-past', 'fromDay'],
    ['no day', { mode: 'prospective', to: 2 }, 422, 'field-required', 'fromDay'],
    ['a day with another mode', { mode: 'keep', to: 2, fromDay: '2026-10-14' }, 422, 'unknown-field', 'fromDay'],
    ['a mode there is not', { mode: 'sometimes', to: 2 }, 422, 'not-one-of', 'mode'],
    ['no version', { mode: 'keep' }, 400, 'field-required', 'to'],
  ])('refuses %s', async (_name, body, status, code, field) => {
    for (const reply of [await preview(body), await apply(body)]) {
      const { errors: [error] = [] } = reply.json;
      expect([reply.status, reply.json.code === 'invalid-input' ? error.code : reply.json.code]).toEqual([status, code]);
      expect(reply.json.field ?? error.field).toBe(field);
    }
  });

  it('is nobody’s but the supervisors’, and of the policy there is', async () => {
    expect((await preview({ mode: 'keep', to: 2 }, who.department)).status).toBe(403);
    expect((await apply({ mode: 'keep', to: 2 }, who.window)).status).toBe(403);
    const [other, change] = ['policies/other/changes', { mode: 'keep', to: 2 }];
    expect((await who.supervisor.post(other, { ...change, reason: '提速' })).json.code).toBe('policy-not-found');
    expect((await who.supervisor.post(`${other}/preview`, change)).json.code).toBe('policy-not-found');
    expect((await who.supervisor.get('policies/other/changes')).status).toBe(404);
  });

  it('moves the dues by one event; rows, breaches and the talent’s promise follow', async () => {
    now = Date.parse('2026-10-14T10:00:00+08:00');
    const applied = done(await apply({ mode: 'retroactive', to: 2 }), 201).json;
    changeId = applied.id;
    expect(applied.events).toEqual(['PolicyChangeApplied']);
    expect(await dues()).toEqual([TWO_DAYS, EIGHT_DAYS]);
    now += 60_000;
    await until('the rows to follow', async () => JSON.stringify(await queued()) === JSON.stringify([TWO_DAYS, EIGHT_DAYS]));
    await until('the breach', async () => (await breaches(quick)).includes('total/1/1'));
    expect(await breaches(slow)).toEqual([]);
    const mine = done(await who.talent.get('my/cases')).json.items[0].promise;
    expect(mine).toMatchObject({ first: FIVE_DAYS, today: TWO_DAYS, overdue: true });
    expect(mine.changes).toEqual([{ kind: 'POLICY', appliedAt: '2026-10-14T10:00:00+08:00', reason: '提速增效' }]);
    expect((await apply({ mode: 'retroactive', to: 2 })).json).toMatchObject({ code: 'change-not-later', field: 'to' });
  });

  it('is explained as it was known', async () => {
    expect(await explain(slow, '2026-10-14T09:59:00+08:00')).toMatchObject({
      due: FIVE_DAYS,
      limit: days(5),
      policy: { version: 1, changes: [] },
    });
    expect(await explain(slow)).toMatchObject({
      due: EIGHT_DAYS,
      limit: days(8),
      promisedDue: FIVE_DAYS,
      policy: { version: 2, promisedUnder: 1, promisedLimit: days(5), changes: [{ changeId, to: 2, reason: '提速增效' }] },
    });
  });

  it('is undone: dues and breaches are what they were, and the record tells both', async () => {
    now += 60_000;
    const undo = () => who.supervisor.post(`${CHANGES}/${changeId}/undo`, { reason: '通知撤回' });
    expect(done(await undo()).json.events).toEqual(['PolicyChangeUndone']);
    expect(await dues()).toEqual([FIVE_DAYS, FIVE_DAYS]);
    now += 60_000;
    await until('the breach to be withdrawn', async () => (await breaches(quick)).length === 0);
    await until('the rows to follow', async () => JSON.stringify(await queued()) === JSON.stringify([FIVE_DAYS, FIVE_DAYS]));
    expect((await undo()).json).toMatchObject({ status: 409, code: 'policy-change-undone' });
    const { items } = done(await who.supervisor.get(CHANGES)).json;
    expect(items).toEqual([
      expect.objectContaining({ id: changeId, to: 2, undone: expect.objectContaining({ reason: '通知撤回' }) }),
    ]);
    expect((await explain(slow, '2026-10-14T10:00:30+08:00')).due).toBe(EIGHT_DAYS);
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
