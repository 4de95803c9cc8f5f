import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const THURSDAY = '2026-10-15T17:00:00+08:00';
const MONDAY = '2026-10-19T17:00:00+08:00';
const CHANGES = 'calendars/cn-lanshan/changes';

describe('a holiday that is prolonged while clocks run, through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-10-09T10:00:00+08:00');
  const who = {} as Record<'window' | 'talent' | 'department' | 'supervisor', Client>;
  let caseId: string;
  let changeId: string;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const step = async (client: Client, path: string, body: object = {}) =>
    done(await client.post(`cases/${caseId}/${path}`, body));
  const breaches = async (): Promise<string[]> =>
    done(await who.supervisor.get(`cases/${caseId}`)).json.breaches.map(({ clockId }: { clockId: string }) => clockId);
  const breached = (...clockIds: string[]) =>
    until(`breaches of ${clockIds}`, async () => JSON.stringify(await breaches()) === JSON.stringify(clockIds));
  const explain = async (asOf?: string) =>
    done(await who.supervisor.get(`cases/${caseId}/clocks/total/explain${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`)).json;
  const queued = async () => done(await who.window.get('queue')).json.items[0];
  const preview = async (body: object, client = who.supervisor) =>
    client.post(`${CHANGES}/preview`, body, { headers: { 'x-min-position': await api.head() } });

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor'] as const) who[role] = await api.as(role);
    who.department = await api.as('department', { departmentId: 'rsj' });
    const talentId = done(await who.window.post('talents', someTalent()), 201).json.id;
    who.talent = await api.as('talent', { talentId });
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    caseId = done(await who.window.post('cases', matter), 201).json.id;
    await step(who.window, 'accept');
    await step(who.window, 'dispatch');
    await step(who.department, 'sign');
    await step(who.department, 'contact', { mode: 'PHONE' });
    await step(who.department, 'opinions', { opinion: '按时办结' });
  }, 60_000);
  afterAll(() => api?.stop());

  it('shows what the notice would move before it is published', async () => {
    now = Date.parse('2026-10-12T10:00:00+08:00');
    const days = await noticeDays();
    const before = await api.head();
    const answer = done(await preview({ mode: 'retroactive', days })).json;
    expect(answer).toMatchObject({ clocks: 2, moved: 2, turnRed: 0, leaveRed: 0 });
    expect(answer.byDepartment).toEqual([
      { group: '', clocks: 1, moved: 1, turnRed: 0, leaveRed: 0 },
      { group: 'rsj', clocks: 1, moved: 1, turnRed: 0, leaveRed: 0 },
    ]);
    expect(answer.moves[0]).toMatchObject({ caseId, clockId: 'total/1/1', before: THURSDAY, after: MONDAY, paused: false });
    expect(done(await preview({ mode: 'keep', days })).json).toMatchObject({ clocks: 2, moved: 0, moves: [] });
    expect(done(await preview({ mode: 'prospective', fromDay: '2026-10-14', days })).json.moves[0].after).toBe(
      '2026-10-16T17:00:00+08:00',
    );
    expect(await api.head()).toBe(before);
    done(await who.supervisor.post('calendars/cn-lanshan/versions', { days }), 201);
    expect((await explain()).due).toBe(THURSDAY);
  });

  it.each<[string, object, number, string, string]>([
    ['a version there is not', { mode: 'retroactive', to: 12 }, 404, 'calendar-version-not-found', 'to'],
    ['the version all clocks have', { mode: 'retroactive', to: 1 }, 422, 'change-not-later', 'to'],
    ['a day that has passed', { mode: 'prospective', to: 11, fromDay: '2026-10-11' }, 422, 'change-in-the-past', 'fromDay'],
    ['no day', { mode: 'prospective', to: 11 }, 422, 'field-required', 'fromDay'],
    ['a day with another mode', { mode: 'keep', to: 11, fromDay: '2026-10-14' }, 422, 'unknown-field', 'fromDay'],
    ['a day no calendar has', { mode: 'prospective', to: 11, fromDay: '2099-10-14' }, 422, 'date-invalid', 'fromDay'],
    ['a mode there is not', { mode: 'sometimes', to: 11 }, 422, 'not-one-of', 'mode'],
  ])('refuses %s', async (_, body, status, code, field) => {
    for (const reply of [await preview(body), await who.supervisor.post(CHANGES, { ...body, reason: '通知' })]) {
      expect({ status: reply.status, code: reply.json.code }).toEqual({ status, code });
      expect(reply.json.field ?? reply.json.errors[0].field).toBe(field);
    }
  });

  it('is about the clocks of that calendar alone', async () => {
    const week = [1, 2, 3, 4, 5].map((weekday) => ({ weekday, intervals: [{ from: '09:00', to: '16:00' }] }));
    const calendar = { zone: 'Asia/Shanghai', weekly: week, publishedYears: [2026], statutoryDays: [], exceptions: [] };
    for (const _ of [1, 2]) done(await who.supervisor.post('calendars/counter/versions', { calendar }), 201);
    const other = await who.supervisor.post('calendars/counter/changes/preview', { mode: 'retroactive', to: 2 });
    expect(done(other).json).toMatchObject({ clocks: 0, moved: 0, moves: [] });
  });

  it('is nobody’s but the supervisors’', async () => {
    expect((await preview({ mode: 'keep', to: 11 }, who.department)).status).toBe(403);
    expect((await who.window.post(CHANGES, { mode: 'keep', to: 11, reason: '通知' })).status).toBe(403);
  });

  it('moves every due once applied, and withdraws what was late only under the old calendar', async () => {
    now = Date.parse('2026-10-16T10:00:00+08:00');
    await breached('total/1/1', 'handling/1/1');
    expect(done(await preview({ mode: 'retroactive', to: 11 })).json).toMatchObject({ moved: 2, leaveRed: 2, turnRed: 0 });
    const applied = done(await who.supervisor.post(CHANGES, { mode: 'retroactive', to: 11, reason: '国庆假期延长' }), 201).json;
    changeId = applied.id;
    expect(applied.events).toEqual(['CalendarChangeApplied']);
    now += 60_000;
    await breached();
    await until('the queue', async () => (await queued()).totalDue === MONDAY);
    expect(await queued()).toMatchObject({ totalDue: MONDAY, handlingDue: MONDAY, due: MONDAY });
    const mine = done(await who.talent.get('my/cases')).json.items[0].promise;
    expect(mine).toMatchObject({ first: THURSDAY, today: MONDAY, overdue: false });
    expect(mine.changes).toEqual([{ kind: 'CALENDAR', appliedAt: '2026-10-16T10:00:00+08:00', reason: '国庆假期延长' }]);
  });

  it('is explained as it was known', async () => {
    const [then, today] = [await explain('2026-10-16T09:59:00+08:00'), await explain()];
    expect(then).toMatchObject({ due: THURSDAY, overdue: true, changes: [], calendar: { version: 10, promisedUnder: 10 } });
    expect(today).toMatchObject({
      due: MONDAY,
      promisedDue: THURSDAY,
      overdue: false,
      calendar: { version: 11, promisedUnder: 10 },
      changes: [{ changeId, mode: 'retroactive', to: 11, reason: '国庆假期延长' }],
    });
    expect(today.ledger).toContainEqual(expect.objectContaining({ counted: false, name: '国庆节延长' }));
  });

  it('can not be applied twice', async () => {
    const again = await who.supervisor.post(CHANGES, { mode: 'retroactive', to: 11, reason: '通知' });
    expect(again.json).toMatchObject({ status: 422, code: 'change-not-later', field: 'to' });
  });

  it('is undone: dues and breaches are what they were, and the record tells both', async () => {
    const undo = (id: string) => who.supervisor.post(`${CHANGES}/${id}/undo`, { reason: '通知撤回' });
    done(await undo(changeId));
    now += 60_000;
    await breached('total/1/1', 'handling/1/1');
    await until('the queue', async () => (await queued()).totalDue === THURSDAY);
    expect((await explain()).due).toBe(THURSDAY);
    expect((await explain('2026-10-16T10:00:30+08:00')).due).toBe(MONDAY);
    expect((await undo(changeId)).json).toMatchObject({ status: 409, code: 'calendar-change-undone' });
    expect((await undo(caseId)).json).toMatchObject({ status: 404, code: 'calendar-change-not-found' });
    const { items } = done(await who.supervisor.get(CHANGES)).json;
    expect(items).toEqual([expect.objectContaining({ id: changeId, undone: expect.objectContaining({ reason: '通知撤回' }) })]);
  });

  /** The notice of 2026 as published, and two days more. */
  async function noticeDays(): Promise<object[]> {
    const { exceptions } = done(await who.supervisor.get('calendars/cn-lanshan/versions/10')).json;
    const days = exceptions
      .filter(({ date }: { date: string }) => date.startsWith('2026'))
      .map(({ date, kind, name }: { date: string; kind: string; name?: string }) => ({
        date,
        isOffDay: kind === 'closed',
        ...(name ? { name } : {}),
      }));
    return [...days, ...['2026-10-13', '2026-10-14'].map((date) => ({ date, isOffDay: true, name: '国庆节延长' }))];
  }
});
