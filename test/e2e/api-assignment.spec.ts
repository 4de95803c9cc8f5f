import { startTestApi, type TestApi } from '../support/api.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';

describe('giving cases to specialists, through the API', () => {
  let api: TestApi;
  let office: Office;
  const now = Date.parse('2026-10-12T10:00:00+08:00');
  const people: Awaited<ReturnType<Office['specialist']>>[] = [];

  const assign = (id: string, body: object) => office.window.post(`cases/${id}/assign`, body);

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    for (const name of ['李专员', '王专员', '赵专员']) people.push(await office.specialist(name, 4));
  }, 60_000);
  afterAll(() => api?.stop());

  it('lets exactly one of many take a case', async () => {
    const id = await office.signedFor();
    const tries = await Promise.all(
      Array.from({ length: 24 }, (_, i) => people[i % people.length]!.client.post(`cases/${id}/take`)),
    );
    const won = tries.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const lost of tries.filter((one) => one !== won[0])) expect(lost.json).toMatchObject({ status: 409 });
    const winner = people[tries.indexOf(won[0]!) % people.length]!;
    expect((await office.shown(id)).specialistId).toBe(winner.id);
    done(await office.window.post(`cases/${id}/withdraw`, { reasonCode: 'NO_LONGER_NEEDED' }));
  });

  it('gives many at once in turn, evenly, nobody more than they take, and says why', async () => {
    const cases = await Promise.all(Array.from({ length: 13 }, () => office.signedFor()));
    const given = await Promise.all(cases.map((id) => assign(id, { mode: 'ROUND_ROBIN' })));
    const refused = given.filter(({ status }) => status !== 200);
    expect(refused.map(({ json }) => json)).toEqual([expect.objectContaining({ status: 409, code: 'no-specialist-available' })]);
    expect(refused[0]!.json.considered.map(({ verdict }: { verdict: string }) => verdict)).toEqual([
      'AT_CAPACITY',
      'AT_CAPACITY',
      'AT_CAPACITY',
    ]);
    const has = await Promise.all(cases.map(async (id) => (await office.shown(id)).specialistId));
    expect(people.map(({ id }) => has.filter((one) => one === id).length)).toEqual([4, 4, 4]);

    const told = await office.lastEvent(cases[given.findIndex(({ status }) => status === 200)]!, 'CaseAssigned');
    expect(told).toMatchObject({ mode: 'ROUND_ROBIN', departmentId: 'rsj' });
    expect(told.considered).toHaveLength(3);
    expect(await people[0]!.client.post(`cases/${cases[given.indexOf(refused[0]!)]}/take`)).toMatchObject({
      status: 409,
      json: { code: 'specialist-at-capacity' },
    });
  });

  it('gives by load and by skill, never to someone absent', async () => {
    const [first, , third] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]];
    for (const { id } of people) done(await office.supervisor.send('PUT', `specialists/${id}/capacity`, {}));
    done(await office.supervisor.send('PUT', `specialists/${third.id}/skills`, { itemCodes: ['04'], areas: [] }));
    const skilled = await office.signedFor();
    done(await assign(skilled, { mode: 'SKILL_MATCHED' }));
    expect((await office.shown(skilled)).specialistId).toBe(third.id);

    const idle = await office.specialist('钱专员');
    const light = await office.signedFor();
    done(await assign(light, { mode: 'LEAST_LOADED' }));
    expect((await office.shown(light)).specialistId).toBe(idle.id);

    done(
      await office.supervisor.post(`specialists/${idle.id}/leaves`, { from: '2026-10-12', to: '2026-10-12', deputyId: first.id }),
    );
    const next = await office.signedFor();
    done(await assign(next, { mode: 'MANUAL', specialistId: idle.id }));
    expect((await office.shown(next)).specialistId).toBe(first.id);
    expect(await office.lastEvent(next, 'CaseAssigned')).toMatchObject({ standsInFor: idle.id, specialistId: first.id });
    const last = await office.signedFor();
    expect(await idle.client.post(`cases/${last}/take`)).toMatchObject({ status: 409, json: { code: 'specialist-absent' } });
    done(await assign(last, { mode: 'LEAST_LOADED' }));
    const considered = (await office.lastEvent(last, 'CaseAssigned')).considered;
    expect(considered).toContainEqual({ specialistId: idle.id, verdict: 'ABSENT', open: 1, load: 1 });
  });

  it('tells what is wrong with a request, and does not tell talents whom it passed over', async () => {
    const id = await office.signedFor();
    expect((await assign(id, { mode: 'MANUAL' })).json).toMatchObject({
      status: 422,
      code: 'field-required',
      field: 'specialistId',
    });
    expect((await assign(id, { mode: 'BY_LOT' })).json).toMatchObject({ status: 422 });
    const stranger = await office.specialist('孙专员', undefined, 'ybj');
    expect((await assign(id, { mode: 'MANUAL', specialistId: stranger.id })).json).toMatchObject({
      code: 'specialist-of-other-department',
      field: 'specialistId',
    });
    done(await assign(id, { mode: 'ROUND_ROBIN' }));
    expect((await assign(id, { mode: 'ROUND_ROBIN' })).json).toMatchObject({ status: 409, code: 'illegal-step' });
    const talent = await api.as('talent', { talentId: office.talentId });
    const { events } = done(await talent.get(`cases/${id}/history`)).json;
    expect(events.at(-1)).toMatchObject({ type: 'CaseAssigned' });
    expect(events.at(-1).data).not.toHaveProperty('considered');
  });
});
