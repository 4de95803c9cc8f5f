import { type Client, type Reply, startTestApi, type TestApi } from '../support/api.js';
import { startTestSystem } from '../support/system.js';

describe('specialists, through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-10-12T10:00:00+08:00');
  const who = {} as Record<'supervisor' | 'window' | 'auditor', Client>;
  const ids: string[] = [];

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const refused = (reply: Reply, status: number, code: string, field?: string) => {
    expect(done(reply, status).json).toMatchObject({ code, ...(field === undefined ? {} : { field }) });
  };
  const put = (n: number, what: string, body: object, client = who.supervisor) =>
    client.send('PUT', `specialists/${ids[n]}/${what}`, body);
  const leave = (n: number, from: string, to: string, deputy: number, client = who.supervisor) =>
    client.post(`specialists/${ids[n]}/leaves`, { from, to, deputyId: ids[deputy] });

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['supervisor', 'window', 'auditor'] as const) who[role] = await api.as(role);
    for (const name of ['李专员', '王专员', '赵专员'])
      ids.push(done(await who.supervisor.post('specialists', { name, kind: 'ITEM', departmentId: 'rsj' }), 201).json.id);
  }, 60_000);
  afterAll(() => api?.stop());

  it('know items and areas, take so much, and are there at their hours', async () => {
    const weekly = [{ weekday: 1, intervals: [{ from: '08:00', to: '15:00' }] }];
    done(await put(0, 'skills', { itemCodes: ['03', '04'], areas: ['liuqing'] }));
    done(await put(0, 'capacity', { openMatters: 12 }));
    done(await put(0, 'hours', { weekly }));
    const shown = done(await who.window.get(`specialists/${ids[0]}`));
    expect(shown.json).toMatchObject({
      ...{ id: ids[0], name: '李专员', kind: 'ITEM', departmentId: 'rsj', itemCodes: ['03', '04'], areas: ['liuqing'] },
      ...{ capacity: 12, weekly, absentToday: false, leaves: [], revision: '3' },
    });
    expect(shown.headers.etag).toBe('"3"');
    done(await put(0, 'capacity', {}));
    done(await put(0, 'hours', {}));
    expect(done(await who.window.get(`specialists/${ids[0]}`)).json).toMatchObject({ capacity: null, weekly: null });
    expect(done(await who.auditor.get(`specialists/${ids[0]}`)).json.name).toBe('李**');
  });

  it('are told what is wrong, by field, in both languages', async () => {
    refused(await put(0, 'skills', { itemCodes: ['99'], areas: [] }), 422, 'item-not-offered', 'itemCodes[0]');
    refused(await put(0, 'hours', { weekly: [{ weekday: 8, intervals: [] }] }), 422, 'out-of-range', 'weekly[0].weekday');
    refused(await put(0, 'capacity', { openMatters: -1 }), 422, 'out-of-range', 'openMatters');
    refused(await put(0, 'capacity', { openMatters: 1 }, who.window), 403, 'role-not-allowed');
    refused(await who.window.get(`specialists/${crypto.randomUUID()}`), 404, 'specialist-not-found');
    const body = { from: '2026-10-12', to: '2026-10-12', deputyId: ids[0] };
    const texts = await Promise.all(
      ['zh-CN', 'en'].map(async (language) => {
        const headers = { 'accept-language': language };
        return done(await who.supervisor.send('POST', `specialists/${ids[0]}/leaves`, body, { headers }), 422).json.detail;
      }),
    );
    expect(texts).toEqual(['不能由本人代理', 'Nobody stands in for themselves']);
  });

  it('go on leave with a deputy, who stands in and does not go away meanwhile', async () => {
    const own = await api.as('specialist', { specialistId: ids[0]! });
    const planned = done(await leave(0, '2026-10-13', '2026-10-15', 1, own)).json;
    expect(planned).toMatchObject({ id: ids[0], events: ['LeavePlanned'] });
    refused(await leave(1, '2026-10-19', '2026-10-19', 2, own), 403, 'not-yours');
    refused(await leave(0, '2026-10-15', '2026-10-16', 2), 422, 'leave-overlaps', 'from');
    refused(await leave(2, '2026-10-15', '2026-10-16', 0), 422, 'deputy-on-leave', 'deputyId');
    // What is known of others' deputies comes from the read model, which the reading waits for.
    done(await who.window.get('specialists'));
    refused(await leave(1, '2026-10-15', '2026-10-16', 2), 422, 'leave-while-deputy', 'from');

    const today = async () => {
      const { on, items } = done(await who.window.get('specialists?departmentId=rsj')).json;
      const one = items.find(({ id }: { id: string }) => id === ids[0]);
      return { on, absent: one.absentToday, standIn: one.standIn };
    };
    expect(await today()).toEqual({ on: '2026-10-12', absent: false, standIn: null });
    now = Date.parse('2026-10-14T09:00:00+08:00');
    expect(await today()).toEqual({ on: '2026-10-14', absent: true, standIn: ids[1] });

    done(await own.post(`specialists/${ids[0]}/leaves/${planned.leaveId}/cancel`));
    expect(await today()).toEqual({ on: '2026-10-14', absent: false, standIn: null });
    refused(await own.post(`specialists/${ids[0]}/leaves/${planned.leaveId}/cancel`), 409, 'leave-over');
    refused(await own.post(`specialists/${ids[0]}/leaves/${crypto.randomUUID()}/cancel`), 404, 'leave-not-found');
  });
});
