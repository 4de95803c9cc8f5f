import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { startTestSystem } from '../support/system.js';

const days = (n: number) => ({ kind: 'workingDays', days: n });
const PERIOD = { from: '2026-09-01', to: '2026-09-30' };

describe('what would have been, asked through the API', () => {
  let api: TestApi;
  let now = 0;
  let caseId: string;
  let specialistId = '';
  const who = {} as Record<'window' | 'department' | 'specialist' | 'supervisor', Client>;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const step = async (client: Client, instant: string, path: string, body?: unknown) => {
    now = Date.parse(`${instant}+08:00`);
    done(await client.post(`cases/${caseId}/${path}`, body));
  };
  const whatIf = async (body: object, client = who.supervisor, headers = {}) =>
    client.post('sla/what-if', body, { headers: { 'x-min-position': await api.head(), ...headers } });
  const asked = async (body: object) => done(await whatIf({ ...PERIOD, ...body })).json;

  beforeAll(async () => {
    now = Date.parse('2026-09-30T09:30:00+08:00');
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor'] as const) who[role] = await api.as(role);
    who.department = await api.as('department', { departmentId: 'rsj' });
    const enrolled = done(
      await (await api.as('admin')).post('specialists', {
        name: '李测试',
        kind: 'ITEM',
        departmentId: 'rsj',
      }),
      201,
    );
    specialistId = enrolled.json.id;
    who.specialist = await api.as('specialist', { specialistId });
    const talentId = done(await who.window.post('talents', { ...someTalent(), category: 'P1' }), 201).json.id;
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    caseId = done(await who.window.post('cases', matter), 201).json.id;
    await step(who.window, '2026-09-30T10:00', 'accept');
    await step(who.window, '2026-09-30T10:30', 'dispatch', {});
    await step(who.department, '2026-09-30T11:00', 'sign');
    await step(who.specialist, '2026-09-30T11:10', 'take');
    await step(who.specialist, '2026-09-30T11:20', 'contact', { mode: 'PHONE' });
    await step(who.specialist, '2026-09-30T11:30', 'opinions', { opinion: '按时办结' });
    await step(who.specialist, '2026-10-08T09:00', 'pause', { reasonCode: 'AWAITING_MATERIALS', reason: '等待材料' });
    await step(who.specialist, '2026-10-12T09:00', 'resume');
    await step(who.specialist, '2026-10-14T10:00', 'result', { outcome: 'SOLVED', reply: '已办结' });
  }, 60_000);
  afterAll(() => api?.stop());

  it('changes nothing where nothing is otherwise: the limits that were, said again', async () => {
    const before = await api.head();
    const answer = await asked({ limits: { rules: [{ limits: { handling: days(5) } }] } });
    expect(answer).toMatchObject({ clocks: 5, before: 0, after: 0, flipped: 0, flips: [] });
    expect(await api.head()).toBe(before);
  });

  it('names the clocks that flip when no pause counts, by department, item and specialist', async () => {
    const answer = await asked({ pauses: { rule: 'NONE' } });
    expect(answer).toMatchObject({ clocks: 5, before: 0, after: 2, flipped: 2 });
    expect(answer.byDepartment).toEqual([
      { group: '', clocks: 1, before: 0, after: 1 },
      { group: 'rsj', clocks: 4, before: 0, after: 1 },
    ]);
    expect(answer.byItem).toEqual([{ group: '04', clocks: 5, before: 0, after: 2 }]);
    expect(answer.bySpecialist).toEqual([
      { group: '', clocks: 1, before: 0, after: 1 },
      { group: specialistId, clocks: 4, before: 0, after: 1 },
    ]);
    expect(answer.flips.map(({ clockId }: { clockId: string }) => clockId)).toEqual(['total/1/1', 'handling/1/1']);
    // Three of the five working days were paused: 8, 9 and 10 October, the Saturday one that was worked.
    expect(answer.flips[0]).toMatchObject({
      caseId,
      departmentId: null,
      before: { due: '2026-10-16T17:00:00+08:00', breached: false },
      after: { due: '2026-10-13T17:00:00+08:00', breached: true },
    });
  });

  it('caps pauses, shortens limits by category, and takes another calendar', async () => {
    const total = async (body: object) => (await asked({ clocks: ['total'], ...body })).flips[0]?.after.due ?? null;
    // One paused day instead of three: due on the 14th, so that it is still on time.
    expect(await asked({ pauses: { rule: 'CAPPED', maxWorkingDays: 1 } })).toMatchObject({ flipped: 0 });
    expect(await total({ limits: { rules: [{ category: 'P1', limits: { handling: days(1) } }] } })).not.toBeNull();
    expect(await total({ limits: { rules: [{ category: 'P2', limits: { handling: days(1) } }] } })).toBeNull();
    // Without a holiday in October, five days end on the 9th, and three that were paused later.
    const working = ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'];
    const notice = working.map((date) => ({ date, isOffDay: false }));
    expect(await total({ calendar: { days: notice } })).toBe('2026-10-07T17:00:00+08:00');
  });

  it('tells how far it is, line by line, when asked to', async () => {
    const reply = done(await whatIf({ ...PERIOD, pauses: { rule: 'NONE' } }, who.supervisor, { accept: 'application/x-ndjson' }));
    expect(reply.headers['content-type']).toContain('application/x-ndjson');
    const lines = reply.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({ progress: { cases: 1, clocks: 5 } });
    expect(lines.at(-1).result).toMatchObject({ clocks: 5, after: 2 });
  });

  it('looks at the clocks that started in the period alone', async () => {
    expect(await asked({ from: '2026-10-01', to: '2026-10-31', pauses: { rule: 'NONE' } })).toMatchObject({
      clocks: 0,
      byItem: [],
    });
  });

  it.each<[string, object, string, string]>([
    ['nothing that is otherwise', {}, 'nothing-supposed', 'limits'],
    [
      'a period that ends before it begins',
      { from: '2026-10-01', to: '2026-09-30', pauses: { rule: 'NONE' } },
      'period-reversed',
      'from',
    ],
    ['a cap without days', { pauses: { rule: 'CAPPED' } }, 'field-required', 'pauses.maxWorkingDays'],
    ['a cap of 0 days', { pauses: { rule: 'CAPPED', maxWorkingDays: 0 } }, 'out-of-range', 'pauses.maxWorkingDays'],
    ['a version nobody published', { calendar: { version: 99 } }, 'calendar-version-not-found', 'calendar.version'],
    ['two calendars at once', { calendar: { version: 1, days: [] } }, 'calendar-said-twice', 'calendar.days'],
    [
      'a day of no year',
      { calendar: { days: [{ date: '2026-13-01', isOffDay: true }] } },
      'date-invalid',
      'calendar.days[0].date',
    ],
  ])('refuses %s', async (_, body, code, field) => {
    const refusal = done(await whatIf({ ...PERIOD, ...body }), code === 'field-required' ? 400 : 422).json;
    expect(refusal.errors).toContainEqual(expect.objectContaining({ code, field }));
  });

  it('is for supervisors, auditors and admins', async () => {
    done(await whatIf({ ...PERIOD, pauses: { rule: 'NONE' } }, who.department), 403);
  });
});
