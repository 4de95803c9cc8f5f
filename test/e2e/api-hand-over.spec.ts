import { randomUUID } from 'node:crypto';
import { startTestApi, type TestApi } from '../support/api.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('handing everything over, through the API', () => {
  let api: TestApi;
  let office: Office;
  let now = Date.parse('2026-10-12T10:00:00+08:00');

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
  }, 60_000);
  afterAll(() => api?.stop());

  const handOver = (from: string, to: string, client = office.supervisor, headers = {}) =>
    client.post(`specialists/${from}/hand-over`, { toSpecialistId: to, note: '轮岗，请联系申请人' }, { headers });
  const completed = (id: string) =>
    until('the hand-over to be complete', async () => {
      const { json } = done(await office.supervisor.get(`hand-overs/${id}`));
      return json.completedAt === null ? undefined : json;
    });

  it('moves every open case and every talent, each with its event, and tells what came of each', async () => {
    const [from, to] = [await office.specialist('李专员'), await office.specialist('王专员')];
    done(await office.window.send('PUT', `talents/${office.talentId}/specialist`, { specialistId: from.id }));
    const cases = await Promise.all(Array.from({ length: 4 }, () => office.signedFor()));
    for (const id of cases) done(await from.client.post(`cases/${id}/take`));
    const [worked, ended] = cases as [string, string];
    done(await from.client.post(`cases/${worked}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    done(await office.window.post(`cases/${ended}/withdraw`, { reasonCode: 'NO_LONGER_NEEDED' }));

    const key = { 'idempotency-key': randomUUID() };
    now += 60_000;
    const started = done(await handOver(from.id, to.id, office.supervisor, key), 201);
    expect(started.json).toMatchObject({ cases: 3, talents: 1, events: ['HandOverStarted'] });
    const page = await completed(started.json.id);
    expect(page).toMatchObject({
      ...{ fromSpecialistId: from.id, toSpecialistId: to.id, note: '轮岗，请联系申请人' },
      ...{ startedAt: '2026-10-12T10:01:00+08:00', counts: { pending: 0, handedOver: 4, unchanged: 0 } },
    });
    expect(new Set(page.rows.map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`))).toEqual(
      new Set([...cases.filter((id) => id !== ended).map((id) => `case ${id}`), `talent ${office.talentId}`]),
    );
    expect((await office.shown(worked)).specialistId).toBe(to.id);
    expect((await office.shown(ended)).specialistId).toBe(from.id);
    expect(await office.lastEvent(worked, 'CaseHandedOver')).toEqual({
      ...{ fromSpecialistId: from.id, toSpecialistId: to.id, handOverId: started.json.id },
    });
    expect(done(await office.window.get(`talents/${office.talentId}/specialist`)).json.specialistId).toBe(to.id);

    const again = done(await handOver(from.id, to.id, office.supervisor, key), 201);
    expect(again.json).toEqual(started.json);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await handOver(from.id, to.id)).json).toMatchObject({ status: 409, code: 'nothing-to-hand-over' });
  });

  it('tells what is wrong', async () => {
    const one = await office.specialist('赵专员');
    expect((await handOver(one.id, one.id)).json).toMatchObject({ code: 'handover-to-self', field: 'toSpecialistId' });
    expect((await handOver(one.id, randomUUID())).json).toMatchObject({ code: 'specialist-not-found', field: 'toSpecialistId' });
    expect((await handOver(randomUUID(), one.id)).json).toMatchObject({ status: 404, code: 'specialist-not-found' });
    expect((await handOver(one.id, randomUUID(), office.window)).json).toMatchObject({ status: 403 });
    expect((await office.window.get(`hand-overs/${randomUUID()}`)).json).toMatchObject({
      status: 404,
      code: 'hand-over-not-found',
    });
  });
});
