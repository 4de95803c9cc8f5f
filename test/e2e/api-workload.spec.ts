import { startTestApi, type TestApi } from '../support/api.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';

describe('the workload board, through the API', () => {
  let api: TestApi;
  let office: Office;
  let now = Date.parse('2026-10-12T10:00:00+08:00');
  const board = async (client = office.supervisor, query = '') => done(await client.get(`workload${query}`)).json;

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
  }, 60_000);
  afterAll(() => api?.stop());

  it('shows who has what, how urgent it is, who is away and who stands in; to each what is theirs to see', async () => {
    const [busy, idle, other] = [
      await office.specialist('李专员', 4),
      await office.specialist('王专员'),
      await office.specialist('赵专员', undefined, 'ybj'),
    ];
    for (let n = 0; n < 2; n++) {
      const id = await office.signedFor();
      done(await busy.client.post(`cases/${id}/take`));
      done(await busy.client.post(`cases/${id}/contact`, { mode: 'PHONE' }));
      done(await busy.client.post(`cases/${id}/opinions`, { opinion: '按时办结' }));
    }
    await office.signedFor();
    done(
      await office.supervisor.post(`specialists/${busy.id}/leaves`, { from: '2026-10-19', to: '2026-10-20', deputyId: idle.id }),
    );
    const nothing = { open: 0, dueToday: 0, yellow: 0, red: 0, paused: 0 };
    const early = await board();
    expect(early.on).toBe('2026-10-12');
    expect(early.items).toHaveLength(3);
    expect(early.items).toContainEqual({
      ...{ specialistId: busy.id, name: '李专员', kind: 'ITEM', departmentId: 'rsj', ...nothing, open: 2 },
      ...{ capacity: 4, capacityUsed: 0.5, absent: null },
    });
    expect(early.totals).toEqual({ ...nothing, open: 2 });
    // Whom nobody has contacted yet is due today.
    expect(early.unassigned).toEqual({ ...nothing, open: 1, dueToday: 1 });

    // Promised within five working days: due on Monday at the close.
    now = Date.parse('2026-10-19T16:00:00+08:00');
    const last = await board();
    expect(last.items.find(({ specialistId }: { specialistId: string }) => specialistId === busy.id)).toMatchObject({
      ...{ open: 2, dueToday: 2, yellow: 2, red: 0 },
      absent: { from: '2026-10-19', to: '2026-10-20', deputyId: idle.id, standIn: idle.id },
    });
    now = Date.parse('2026-10-19T17:00:00.001+08:00');
    expect((await board()).totals).toMatchObject({ open: 2, dueToday: 2, yellow: 0, red: 2 });

    const ids = ({ items }: { items: { specialistId: string }[] }) => new Set(items.map(({ specialistId }) => specialistId));
    expect(ids(await board(office.department))).toEqual(new Set([busy.id, idle.id]));
    expect(ids(await board(office.supervisor, '?departmentId=ybj'))).toEqual(new Set([other.id]));
    const own = await board(idle.client);
    expect(ids(own)).toEqual(new Set([idle.id]));
    expect(own.unassigned.open).toBe(1);
    expect((await other.client.get('workload?departmentId=rsj')).json).toMatchObject({ items: [], unassigned: { open: 0 } });
    expect((await (await api.as('talent', { talentId: office.talentId })).get('workload')).status).toBe(403);
  });
});
