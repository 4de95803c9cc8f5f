import { startTestApi, type TestApi } from '../support/api.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('cases nobody acts on, through the API', () => {
  let api: TestApi;
  let office: Office;
  let now = Date.parse('2026-10-12T10:00:00+08:00');
  const set = (departmentId: string, body: object) =>
    office.supervisor.send('PUT', `departments/${departmentId}/return-after`, body);

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
  }, 60_000);
  afterAll(() => api?.stop());

  it('have a time that is told by department, from a day on', async () => {
    done(await set('rsj', { workingMinutes: 60, effectiveFrom: '2026-10-12' }));
    expect(done(await office.window.get('channels')).json.returnAfter).toEqual([
      { departmentId: 'rsj', workingMinutes: 60, effectiveFrom: '2026-10-12' },
    ]);
    expect((await set('rsj', { workingMinutes: 0, effectiveFrom: '2026-10-12' })).json).toMatchObject({
      code: 'out-of-range',
      field: 'workingMinutes',
    });
    expect((await set('nobody', { effectiveFrom: '2026-10-12' })).json).toMatchObject({ code: 'department-not-found' });
  });

  it('go back to the queue once the time is over, and others may take them', async () => {
    const [first, second] = [await office.specialist('李专员'), await office.specialist('王专员')];
    const [idle, worked] = [await office.signedFor(), await office.signedFor()];
    for (const id of [idle, worked]) done(await first.client.post(`cases/${id}/take`));
    done(await first.client.post(`cases/${worked}/contact`, { mode: 'PHONE' }));

    now = Date.parse('2026-10-12T11:00:01+08:00');
    await until('the case is back', async () => (await office.shown(idle)).specialistId === null);
    expect(await office.lastEvent(idle, 'CaseReturnedToQueue')).toEqual({
      specialistId: first.id,
      due: '2026-10-12T03:00:00.000Z',
    });
    expect((await office.shown(worked)).specialistId).toBe(first.id);
    done(await second.client.post(`cases/${idle}/take`));
    expect((await office.shown(idle)).specialistId).toBe(second.id);
    const { events } = done(await office.supervisor.get(`cases/${idle}/history`)).json;
    const back = events.filter(({ type }: { type: string }) => type === 'CaseReturnedToQueue');
    expect(back).toEqual([
      expect.objectContaining({ occurredAt: '2026-10-12T11:00:00+08:00', who: { id: 'timer', role: 'system' } }),
    ]);
  });
});
