import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('a pause that ends by itself, through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-10-08T10:00:00+08:00');
  const who = {} as Record<'window' | 'talent' | 'department' | 'supervisor', Client>;
  let caseId: string;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const step = (client: Client, path: string, body: object = {}) => client.post(`cases/${caseId}/${path}`, body);
  const pause = (more: object) => step(who.department, 'pause', { reasonCode: 'AWAITING_MATERIALS', ...more });
  const shown = async (client = who.supervisor) => done(await client.get(`cases/${caseId}`)).json;

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor'] as const) who[role] = await api.as(role);
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
      done(await step(client, path));
  }, 60_000);
  afterAll(() => api?.stop());

  it.each<[string, object, number, string, string]>([
    ['today', { resumeOn: '2026-10-08' }, 422, 'resume-not-later', 'resumeOn'],
    ['what is no day', { resumeOn: '2026-02-30' }, 422, 'date-invalid', 'resumeOn'],
    ['no length at all', { maxWorkingDays: 0 }, 422, 'out-of-range', 'maxWorkingDays'],
  ])('refuses %s', async (_, more, status, code, field) => {
    const { json, status: given } = await pause(more);
    expect({ status: given, code: json.code, field: json.field ?? json.errors[0].field }).toEqual({ status, code, field });
    expect((await shown()).paused).toBeNull();
  });

  it('refuses to go on where nothing was paused', async () => {
    const { status, json } = await step(who.department, 'resume');
    expect({ status, code: json.code, possible: json.possible.includes('PauseClock') }).toEqual({
      status: 409,
      code: 'illegal-step',
      possible: true,
    });
  });

  it('says when, tells that the requester has answered, and goes on at its time', async () => {
    done(await pause({ maxWorkingDays: 2, resumeOn: '2026-10-20' }));
    const endsAt = '2026-10-10T17:00:00+08:00';
    expect((await shown()).paused).toMatchObject({ since: '2026-10-08T10:00:00+08:00', endsAt, repliedAt: null });
    expect((await shown(who.talent)).possibleSteps).toContain('ReplyInPause');
    now = Date.parse('2026-10-09T09:00:00+08:00');
    // Whatever the talent writes is an answer to whom they kept waiting.
    done(await step(who.talent, 'messages', { message: '材料已补齐' }));
    expect((await shown()).paused).toMatchObject({ endsAt, repliedAt: '2026-10-09T09:00:00+08:00' });
    expect(done(await who.window.get('queue')).json.items[0]).toMatchObject({
      paused: true,
      repliedAt: '2026-10-09T09:00:00+08:00',
    });
    done(await step(who.talent, 'reply', { reply: '另附说明' }));
    expect((await shown()).paused.repliedAt).toBe('2026-10-09T09:00:00+08:00');
    now = Date.parse('2026-10-12T09:00:00+08:00');
    await until('the end of the pause', async () => (await shown()).paused === null);
    const explained = done(await who.supervisor.get(`cases/${caseId}/clocks/total/explain`)).json;
    expect(explained.pauses).toEqual([expect.objectContaining({ from: '2026-10-08T10:00:00+08:00', to: endsAt })]);
    expect((await step(who.talent, 'reply', { reply: '还有一份' })).json).toMatchObject({ status: 409, code: 'illegal-step' });
    expect(done(await who.window.get('queue')).json.items[0]).toMatchObject({ paused: false, repliedAt: null });
  });
});
