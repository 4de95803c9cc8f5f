import { type Client, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('what was recorded late or wrongly, through the API', () => {
  let api: TestApi;
  let office: Office;
  let talent: Client;
  let now = Date.parse('2026-10-12T09:00:00+08:00');
  const wall = (local: string) => Date.parse(`${local}:00+08:00`);
  const because = { reasonCode: 'RECORDED_LATE', reason: '纸质回执上有签收时间' };

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    talent = await api.as('talent', { talentId: office.talentId });
  }, 60_000);
  afterAll(() => api?.stop());

  const correct = (id: string, what: string, body: object) =>
    office.supervisor.post(`cases/${id}/corrections/${what}`, { ...because, ...body });
  const clock = (page: { clocks: { kind: string }[] }, kind: string) => page.clocks.find((one) => one.kind === kind);

  it('takes a breach back, and tells both what was known then and what is known of then', async () => {
    const id = await office.signedFor({ urgency: 'ENQUIRY' });
    done(await office.department.post(`cases/${id}/opinions`, { opinion: '按时办结' }));
    now = wall('2026-10-14T10:00');
    await until('the breach', async () => (await office.shown(id)).breaches.length === 3);
    done(await office.department.post(`cases/${id}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    expect((await office.shown(id)).possibleSteps).not.toContain('CorrectStepTime');
    const report = async () => {
      const [{ closed, onTime, responseRate }] = done(await office.supervisor.get('reports/sla?by=month&from=2026-10&to=2026-10'))
        .json.rows;
      return [closed, onTime, responseRate.numerator];
    };
    expect(await report()).toEqual([1, 0, 0]);
    now = wall('2026-10-15T10:00');
    const body = { step: 'SUBMITTED', occurredAt: '2026-10-13T16:00:00+08:00' };
    for (const [client, code] of [
      [office.window, 'role-not-allowed'],
      [office.department, 'role-not-allowed'],
    ] as const)
      expect((await client.post(`cases/${id}/corrections/step-time`, { ...because, ...body })).json.code).toBe(code);
    const refusals = [
      [{ ...body, occurredAt: '2026-10-16T10:00:00+08:00' }, 'occurred-in-future'],
      [{ ...body, occurredAt: '2026-10-11T10:00:00+08:00' }, 'occurred-out-of-order'],
      [{ ...body, step: 'CONTACTED', occurredAt: '2026-10-11T10:00:00+08:00' }, 'occurred-out-of-order'],
      [{ ...body, step: 'CLOSED' }, 'not-one-of'],
      [{ ...body, occurredAt: 'yesterday' }, 'instant-invalid'],
    ] as const;
    for (const [wrong, code] of refusals) {
      const { json } = await correct(id, 'step-time', wrong);
      expect(json.errors?.[0]?.code ?? json.code).toBe(code);
    }
    const { events } = done(await correct(id, 'step-time', body)).json;
    expect(events).toEqual(['StepTimeCorrected', 'BreachWithdrawn', 'BreachWithdrawn']);
    const page = await office.shown(id);
    expect(page).toMatchObject({ submittedAt: '2026-10-13T16:00:00+08:00', corrections: 1 });
    expect(page.breaches.map(({ clockId }: { clockId: string }) => clockId)).toEqual(['firstContact/1/1']);
    expect(clock(page, 'total')).toMatchObject({ onTime: true, stoppedAt: '2026-10-13T16:00:00+08:00' });
    expect(await report()).toEqual([1, 1, 0]);

    done(await correct(id, 'step-time', { step: 'CONTACTED', occurredAt: '2026-10-12T09:30:00+08:00' }));
    expect(await office.shown(id)).toMatchObject({ breaches: [], contactedAt: '2026-10-12T09:30:00+08:00', corrections: 2 });
    expect(await report()).toEqual([1, 1, 1]);

    const asOf = encodeURIComponent('2026-10-14T00:00:00+08:00');
    const known = done(await office.supervisor.get(`cases/${id}?asOf=${asOf}`)).json;
    expect(known).toMatchObject({ status: 'SIGNED_FOR', submittedAt: null, contactedAt: null, result: null, possibleSteps: [] });
    expect(clock(known, 'total')).toMatchObject({ overdue: true, light: 'RED' });
    const corrected = done(await office.supervisor.get(`cases/${id}?asOf=${asOf}&sense=CORRECTED`)).json;
    expect(corrected).toMatchObject({
      status: 'SUBMITTED',
      submittedAt: '2026-10-13T16:00:00+08:00',
      contactedAt: '2026-10-12T09:30:00+08:00',
      breaches: [],
      result: { outcome: 'SOLVED', reply: '已办结' },
    });
    const explained = (sense: string) =>
      office.supervisor.get(`cases/${id}/clocks/total/explain?asOf=${asOf}&sense=${sense}`).then((reply) => done(reply).json);
    expect(await explained('KNOWN')).toMatchObject({ stoppedAt: null, overdue: true });
    const told = await explained('CORRECTED');
    expect(told).toMatchObject({ stoppedAt: '2026-10-13T16:00:00+08:00', onTime: true });
    expect(told.events.map(({ type }: { type: string }) => type)).toEqual(['CaseAccepted', 'StepTimeCorrected']);

    const history = done(await office.supervisor.get(`cases/${id}/history`)).json.events;
    expect(history.find(({ type }: { type: string }) => type === 'StepTimeCorrected')).toMatchObject({
      occurredAt: '2026-10-13T16:00:00+08:00',
      recordedAt: '2026-10-15T10:00:00+08:00',
      reasonCode: 'RECORDED_LATE',
      data: { reason: '纸质回执上有签收时间', was: '2026-10-14T02:00:00.000Z' },
    });
    expect((await office.supervisor.get(`cases/${id}?sense=KNOWN`)).json.errors).toMatchObject([
      { field: 'sense', code: 'as-of-needed' },
    ]);
    const early = encodeURIComponent('2026-10-01T00:00:00+08:00');
    expect((await office.supervisor.get(`cases/${id}?asOf=${early}`)).json.errors).toMatchObject([
      { code: 'case-not-registered-then' },
    ]);
  });

  it('changes a pause, adds one, and gives the result and the callback their right content', async () => {
    now = wall('2026-10-19T09:00');
    const id = await office.signedFor();
    done(await office.department.post(`cases/${id}/pause`, { reasonCode: 'AWAITING_MATERIALS' }));
    const pauseId = done(await office.supervisor.get(`cases/${id}/history`)).json.events.at(-1).eventId;
    now = wall('2026-10-22T09:00');
    done(await office.department.post(`cases/${id}/resume`));
    expect(clock(await office.shown(id), 'total')).toMatchObject({ due: '2026-10-28T17:00:00+08:00' });
    done(await correct(id, 'pause', { pauseId, to: '2026-10-20T09:00:00+08:00', pauseReasonCode: 'REQUESTER_UNAVAILABLE' }));
    expect(clock(await office.shown(id), 'total')).toMatchObject({ due: '2026-10-26T17:00:00+08:00' });
    const lasted = { asOf: encodeURIComponent('2026-10-21T09:00:00+08:00') };
    expect(done(await office.window.get(`cases/${id}?asOf=${lasted.asOf}`)).json.paused).not.toBeNull();
    expect(done(await office.window.get(`cases/${id}?asOf=${lasted.asOf}&sense=CORRECTED`)).json.paused).toBeNull();
    done(await correct(id, 'pause', { pauseId, voided: true }));
    expect(clock(await office.shown(id), 'total')).toMatchObject({ due: '2026-10-26T17:00:00+08:00' });
    const late = { pauseReasonCode: 'THIRD_PARTY', from: '2026-10-20T00:00:00+08:00', to: '2026-10-21T00:00:00+08:00' };
    expect((await correct(id, 'late-pause', { ...late, to: late.from })).json.code).toBe('pause-span-reversed');
    done(await correct(id, 'late-pause', late));
    expect(clock(await office.shown(id), 'total')).toMatchObject({ due: '2026-10-27T17:00:00+08:00' });
    done(await office.department.post(`cases/${id}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    done(await office.window.post(`cases/${id}/result/accept`));
    done(await office.window.post(`cases/${id}/callback`, { reachability: 'VALID', resolved: true, satisfaction: 5 }));
    done(await correct(id, 'result', { outcome: 'REFERRED', reply: '已转上级部门' }));
    done(await correct(id, 'callback', { n: 1, reachability: 'VALID', resolved: false, satisfaction: 1 }));
    expect(await office.shown(id)).toMatchObject({
      result: { outcome: 'REFERRED', reply: '已转上级部门' },
      callbacks: [{ resolved: false, satisfaction: 1 }],
    });
    await until('the supervision', async () => (await office.shown(id)).supervisions.length === 1);
    expect(done(await talent.get(`cases/${id}`)).json.result.reply).toBe('已转上级部门');
  });

  it('keeps every shape it has written', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
