import { startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const WEEKLY = [{ weekday: 1, intervals: [{ from: '08:00', to: '17:30' }] }];
const RULE = { itemCode: '04', area: 'liuqing', category: 'M', departmentId: 'rsj', priority: 'HIGH', fastTrack: true };

describe('every event of specialists, assignments, hand-overs and routing', () => {
  let api: TestApi;
  let office: Office;
  let now = Date.parse('2026-10-12T10:00:00+08:00');
  const put = async (path: string, body: object) => done(await office.supervisor.send('PUT', path, body));

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
  }, 60_000);
  afterAll(() => api?.stop());

  async function profiles(id: string, deputyId: string): Promise<void> {
    await put(`specialists/${id}/skills`, { itemCodes: ['04'], areas: ['liuqing'] });
    for (const openMatters of [{ openMatters: 9 }, {}]) await put(`specialists/${id}/capacity`, openMatters);
    for (const weekly of [{ weekly: WEEKLY }, {}]) await put(`specialists/${id}/hours`, weekly);
    const leave = await office.supervisor.post(`specialists/${id}/leaves`, { from: '2026-10-12', to: '2026-10-13', deputyId });
    const { leaveId } = done(leave).json;
    const absent = await office.signedFor();
    done(await office.window.post(`cases/${absent}/assign`, { mode: 'MANUAL', specialistId: id }));
    done(await office.supervisor.post(`specialists/${id}/leaves/${leaveId}/cancel`));
  }

  it('comes about in a shape that is kept', async () => {
    const [first, second] = [await office.specialist('李专员'), await office.specialist('王专员')];
    await profiles(first.id, second.id);
    for (const hours of [{ weekly: WEEKLY }, {}]) await put('channels/window/hours', { ...hours, effectiveFrom: '2026-10-12' });
    const routing = { effectiveFrom: '2026-10-12', rules: [RULE, { ...RULE, area: 'baisha' }], reason: '试点' };
    done(await office.supervisor.post('channels/window/routing', routing));

    const untimed = await office.signedFor({ area: 'liuqing' });
    done(await first.client.post(`cases/${untimed}/take`));
    for (const time of [{}, { workingMinutes: 60 }])
      await put('departments/rsj/return-after', { ...time, effectiveFrom: '2026-10-12' });
    const [taken, assigned] = [await office.signedFor(), await office.signedFor()];
    done(await first.client.post(`cases/${taken}/take`));
    done(await office.window.post(`cases/${assigned}/assign`, { mode: 'MANUAL', specialistId: first.id }));
    const free = await office.signedFor();
    done(await office.window.post(`cases/${free}/assign`, { mode: 'ROUND_ROBIN' }));

    done(await office.window.send('PUT', `talents/${office.talentId}/specialist`, { specialistId: first.id }));
    done(await first.client.post(`cases/${untimed}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    const handOver = await office.supervisor.post(`specialists/${first.id}/hand-over`, {
      toSpecialistId: second.id,
      note: '轮岗',
    });
    const { id } = done(handOver, 201).json;
    await until('the hand-over to be complete', async () => {
      const { json } = done(await office.supervisor.get(`hand-overs/${id}`));
      return json.completedAt !== null;
    });
    now = Date.parse('2026-10-12T11:30:00+08:00');
    await until('a case to be back', async () => (await office.shown(taken)).specialistId === null);

    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
