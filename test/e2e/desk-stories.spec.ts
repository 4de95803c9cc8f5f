import { type Client, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const days = (n: number) => ({ kind: 'workingDays', days: n });
const hours = (n: number) => ({ kind: 'workingTime', minutes: 60 * n });

/** Schooling is handled in a batch every summer (domain.md section 1.5); the rest as domain.md section 2.3 has it. */
const POLICY = {
  effectiveFrom: '2026-07-06',
  signFor: hours(2),
  firstContact: hours(2),
  opinion: { kind: 'none' },
  callback: days(2),
  rectification: days(5),
  ratingWindow: { workingDays: 5 },
  rules: [
    { itemCode: '05', limits: { handling: { kind: 'calendarWindow', closes: '08-31T17:00' } } },
    { urgency: 'ENQUIRY', limits: { handling: days(1) } },
    { urgency: 'COMPLEX', limits: { handling: days(15) } },
    { limits: { handling: days(5) } },
  ],
  extension: { times: 1, maxWorkingDays: 10, totalMaxWorkingDays: 30 },
  returnWindow: { workingDays: 1, hardStopWorkingDays: 2 },
  lights: { yellowFraction: 0.25, yellowDayBeforeFromDays: 3, severeAfterWorkingDays: 5 },
  attentionLine: 0.7,
};

interface Clocked {
  readonly clocks: readonly { readonly kind: string; readonly clockId: string; readonly due: string | null }[];
}

/** Eight stories of the desk, one after the other through the summer and autumn of one office. */
describe('the desk of an office, through the API', () => {
  let api: TestApi;
  let office: Office;
  let talent: Client;
  let education: Client;
  let health: Client;
  let now = Date.parse('2026-07-06T09:00:00+08:00');
  const at = (local: string) => {
    now = Date.parse(`${local}:00+08:00`);
  };
  const step = async (client: Client, id: string, path: string, body?: object) =>
    done(await client.post(`cases/${id}/${path}`, body)).json;
  const refused = async (client: Client, id: string, path: string, body: object, code: string) => {
    const { json } = await client.post(`cases/${id}/${path}`, body);
    expect(json.code).toBe(code);
    return json;
  };
  const clock = ({ clocks }: Clocked, kind: string) => clocks.filter((one) => one.kind === kind).at(-1);
  const total = async (id: string) => clock(await office.shown(id), 'total');
  const breached = async (id: string): Promise<string[]> =>
    (await office.shown(id)).breaches.map(({ clockId }: { clockId: string }) => clockId);
  const inQueue = async (name: string, client = office.supervisor): Promise<string[]> =>
    done(await client.get(`queues/${name}`)).json.items.map(({ id }: { id: string }) => id);
  const typesOf = async (id: string): Promise<string[]> =>
    done(await office.supervisor.get(`cases/${id}/history`)).json.events.map(({ type }: { type: string }) => type);
  /** From the result to the end, as it goes when all is well. */
  const finish = async (id: string, client: Client, satisfaction = 4) => {
    await step(client, id, 'result', { outcome: 'SOLVED', reply: '已办结' });
    await step(office.window, id, 'result/accept');
    await step(office.window, id, 'callback', { reachability: 'VALID', resolved: satisfaction > 2, satisfaction });
  };

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    talent = await api.as('talent', { talentId: office.talentId });
    education = await api.as('department', { departmentId: 'jtj' });
    health = await api.as('department', { departmentId: 'ybj' });
    const reason = '暑期入学集中办理';
    done(await office.supervisor.post('policies/default/versions', { policy: POLICY, reason }), 201);
  }, 60_000);
  afterAll(() => api?.stop());

  it('schooling in its summer window: due when the season closes, whatever is waited for; what comes later is for next year', async () => {
    const matter = { itemCode: '05', matter: '子女申请入读小学一年级', concerns: [{ relation: 'CHILD', name: '张小测' }] };
    at('2026-07-06T10:00');
    const id = await office.accepted(matter);
    expect(await total(id)).toMatchObject({ due: '2026-08-31T17:00:00+08:00', provisional: false });
    await step(office.window, id, 'dispatch', {});
    await step(education, id, 'sign');
    await step(education, id, 'contact', { mode: 'PHONE' });
    at('2026-07-07T10:00');
    await step(education, id, 'supplement', { materials: '学位证、居住证明', until: '2026-07-31' });
    const [mine] = done(await talent.get('my/cases')).json.items;
    expect(mine.needed).toMatchObject([{ kind: 'NOTICE', materials: '学位证、居住证明', until: '2026-07-31' }]);
    at('2026-07-20T10:00');
    await step(education, id, 'supplement/receive', { received: '学位证、居住证明各一份' });
    expect(await total(id)).toMatchObject({ due: '2026-08-31T17:00:00+08:00', light: 'GREEN' });
    at('2026-08-28T16:59');
    expect(await inQueue('yellow')).not.toContain(id);
    at('2026-08-31T16:00');
    expect(await inQueue('yellow')).toContain(id);
    await finish(id, education);
    await step(office.window, id, 'close');
    expect(clock(await office.shown(id), 'total')).toMatchObject({ onTime: true });
    at('2026-09-01T10:00');
    const late = await office.accepted(matter);
    expect(await total(late)).toMatchObject({ due: '2027-08-31T17:00:00+08:00' });
    await step(talent, late, 'withdraw', { reasonCode: 'SOLVED_OTHERWISE' });
  });

  it('the wrong department twice: refused once, sent on, reassigned, and the ping-pong is there to see', async () => {
    at('2026-09-07T09:30');
    const id = await office.signedFor();
    const { due } = (await total(id))!;
    at('2026-09-07T10:30');
    await step(office.department, id, 'return', { reasonCode: 'NOT_OUR_DUTY', proposedDepartmentId: 'ybj' });
    expect(await inQueue('returned', office.window)).toEqual([id]);
    expect(await office.lastEvent(id, 'CaseReturned')).toMatchObject({ proposedDepartmentId: 'ybj' });
    await step(office.window, id, 'return/refuse', { reasonCode: 'IS_YOUR_DUTY', reason: '职责清单第三项' });
    expect(await office.shown(id)).toMatchObject({ status: 'SIGNED_FOR', department: { id: 'rsj' } });
    at('2026-09-07T14:00');
    await step(office.department, id, 'return', { reasonCode: 'WRONG_ITEM', proposedDepartmentId: 'ybj', reason: '属医保' });
    await step(office.window, id, 'dispatch', { departmentId: 'ybj' });
    await step(health, id, 'sign');
    // To and fro: the proposed owner says it is not theirs either, and late.
    at('2026-09-09T09:30');
    await step(health, id, 'return', { reasonCode: 'NOT_OUR_DUTY', proposedDepartmentId: 'rsj' });
    expect(await office.lastEvent(id, 'CaseReturned')).toMatchObject({ departmentId: 'ybj', late: true });
    await step(office.window, id, 'return/refuse', { reasonCode: 'LEAD_DECIDED' });
    await refused(
      office.window,
      id,
      'reassign',
      { departmentId: 'ybj', reasonCode: 'RETURNED_REPEATEDLY' },
      'department-leads-already',
    );
    await step(office.supervisor, id, 'reassign', { departmentId: 'rsj', reasonCode: 'RETURNED_REPEATEDLY' });
    const shown = await office.shown(id);
    expect(shown).toMatchObject({
      status: 'DISPATCHED',
      department: { id: 'rsj' },
      returns: { count: 3, departmentIds: ['rsj', 'rsj', 'ybj'] },
    });
    // Each department is judged by clocks of its own; the talent's promise never moved.
    expect(shown.clocks.filter(({ kind }: { kind: string }) => kind === 'handling')).toHaveLength(3);
    expect(clock(shown, 'total')!.due).toBe(due);
    expect((await health.get(`cases/${id}`)).status).toBe(403);
    await step(office.department, id, 'sign');
    // What the window sends back was no answer, and the talent never reads it.
    const wrong = '请到市级窗口咨询';
    await step(office.department, id, 'result', { outcome: 'REFERRED', reply: wrong });
    const told = async () => {
      const pages = await Promise.all([`cases/${id}`, `cases/${id}/history`].map((path) => talent.get(path)));
      return pages.map((page) => done(page).text).join();
    };
    expect(await told()).not.toContain(wrong);
    expect((await office.shown(id)).result.reply).toBe(wrong);
    await step(office.window, id, 'result/send-back', { reasonCode: 'WRONG_ANSWER', reason: '本区可办' });
    await finish(id, office.department);
    await step(office.window, id, 'close');
    const text = await told();
    for (const words of [wrong, '本区可办', 'REFERRED']) expect(text).not.toContain(words);
    expect(done(await talent.get(`cases/${id}`)).json.result).toEqual({ outcome: 'SOLVED', reply: '已办结' });
    expect((await typesOf(id)).filter((type) => /Return|Reassign/.test(type))).toEqual([
      'CaseReturned',
      'ReturnRefused',
      'CaseReturned',
      'CaseReturned',
      'ReturnRefused',
      'CaseReassigned',
    ]);
  });

  it('a specialist on leave: the deputy stands in, and what was in hand is handed over', async () => {
    at('2026-09-14T09:00');
    const [li, wang] = [await office.specialist('李专员'), await office.specialist('王专员')];
    done(await office.window.send('PUT', `talents/${office.talentId}/specialist`, { specialistId: li.id }));
    const inHand = await office.signedFor();
    await step(li.client, inHand, 'take');
    const leave = { from: '2026-09-15', to: '2026-09-25', deputyId: wang.id };
    done(await office.supervisor.post(`specialists/${li.id}/leaves`, leave));
    at('2026-09-15T09:30');
    const fresh = await office.signedFor();
    await refused(li.client, fresh, 'take', {}, 'specialist-absent');
    await step(office.department, fresh, 'assign', { mode: 'MANUAL', specialistId: li.id });
    expect(await office.lastEvent(fresh, 'CaseAssigned')).toMatchObject({ specialistId: wang.id, standsInFor: li.id });
    const handOver = await office.supervisor.post(`specialists/${li.id}/hand-over`, {
      toSpecialistId: wang.id,
      note: '休假交接',
    });
    const page = await until('the hand-over', async () => {
      const { json } = done(await office.supervisor.get(`hand-overs/${done(handOver, 201).json.id}`));
      return json.completedAt === null ? undefined : json;
    });
    expect(page.counts).toEqual({ pending: 0, handedOver: 2, unchanged: 0 });
    expect((await office.shown(inHand)).specialistId).toBe(wang.id);
    expect(done(await talent.get(`talents/${office.talentId}/specialist`)).json.specialistId).toBe(wang.id);
    await refused(li.client, inHand, 'contact', { mode: 'PHONE' }, 'not-yours');
    expect(new Set(await inQueue('mine', wang.client))).toEqual(new Set([inHand, fresh]));
    for (const id of [inHand, fresh]) {
      await step(wang.client, id, 'contact', { mode: 'PHONE' });
      await finish(id, wang.client);
      await step(office.window, id, 'close');
    }
  });

  it('dissatisfied: reopened, supervised, worked off, closed', async () => {
    at('2026-10-12T09:00');
    const id = await office.signedFor();
    await finish(id, office.department, 1);
    await until('the supervision', async () => (await office.shown(id)).supervisions.length === 1);
    for (const queue of ['supervised', 'dissatisfied']) expect(await inQueue(queue)).toContain(id);
    at('2026-10-13T09:00');
    await step(office.window, id, 'reopen', { reasonCode: 'DISSATISFIED', reason: '转移尚未到账' });
    expect(await office.shown(id)).toMatchObject({
      status: 'ACCEPTED',
      cycle: 2,
      sealedCycles: [{ cycle: 1, outcome: 'SOLVED' }],
    });
    await step(office.window, id, 'dispatch', {});
    await step(office.department, id, 'sign');
    await step(office.department, id, 'supervision/work-off', { report: '已核实，转移款当日到账' });
    await finish(id, office.department, 5);
    await step(office.window, id, 'close');
    await refused(office.window, id, 'archive', {}, 'illegal-step');
    await step(office.supervisor, id, 'supervision/close', { remark: '属实，已办结' });
    expect(await inQueue('supervised')).not.toContain(id);
    await step(office.window, id, 'archive');
    expect((await office.shown(id)).supervisions).toMatchObject([
      { cycle: 1, cause: 'DISSATISFIED', workedOffAt: expect.any(String), closedAt: expect.any(String) },
    ]);
  });

  it('an extension asked for before the due and granted after it: there was no breach', async () => {
    at('2026-10-14T09:00');
    const id = await office.signedFor();
    await step(office.department, id, 'contact', { mode: 'PHONE' });
    expect(await total(id)).toMatchObject({ due: '2026-10-21T17:00:00+08:00' });
    at('2026-10-21T16:30');
    await step(office.department, id, 'extension', { reasonCode: 'MULTIPLE_DEPARTMENTS', workingDays: 3 });
    expect(await inQueue('to-approve')).toEqual([id]);
    at('2026-10-22T10:00');
    await until('the breaches', async () => (await breached(id)).length === 2);
    // A broken promise is put under supervision by itself.
    await until('the supervision', async () => (await office.shown(id)).supervisions.length === 1);
    expect(await inQueue('red')).toContain(id);
    await refused(office.department, id, 'extension/grant', {}, 'role-not-allowed');
    const { events } = await step(office.supervisor, id, 'extension/grant');
    expect(events).toEqual(expect.arrayContaining(['ExtensionGranted', 'BreachWithdrawn', 'BreachWithdrawn']));
    expect(await inQueue('to-approve')).toEqual([]);
    expect(await breached(id)).toEqual([]);
    expect(await total(id)).toMatchObject({ due: '2026-10-26T17:00:00+08:00', overdue: false });
    expect(await inQueue('red')).not.toContain(id);
    const mine = done(await talent.get('my/cases')).json.items.find((one: { id: string }) => one.id === id);
    expect(mine.promise).toMatchObject({
      first: '2026-10-21T17:00:00+08:00',
      today: '2026-10-26T17:00:00+08:00',
      changes: [{ kind: 'EXTENSION', workingDays: 3, reasonCode: 'MULTIPLE_DEPARTMENTS' }],
    });
    at('2026-10-26T16:00');
    await finish(id, office.department);
    await step(office.window, id, 'close');
    expect(clock(await office.shown(id), 'total')).toMatchObject({ onTime: true });
  });

  it('a late fact: the requester was called in time and nobody had written it down, so the breach goes', async () => {
    at('2026-11-02T09:00');
    const id = await office.signedFor();
    at('2026-11-02T15:00');
    await until('the breach', async () => (await breached(id)).includes('firstContact/1/1'));
    await step(office.department, id, 'contact', { mode: 'PHONE' });
    expect(await breached(id)).toEqual(['firstContact/1/1']);
    at('2026-11-03T09:00');
    const fact = { step: 'CONTACTED', occurredAt: '2026-11-02T09:40:00+08:00', reasonCode: 'EVIDENCE_FOUND', reason: '通话记录' };
    await refused(office.department, id, 'corrections/step-time', fact, 'role-not-allowed');
    expect((await step(office.supervisor, id, 'corrections/step-time', fact)).events).toEqual([
      'StepTimeCorrected',
      'BreachWithdrawn',
    ]);
    expect(await office.shown(id)).toMatchObject({ breaches: [], contactedAt: fact.occurredAt });
    const asOf = encodeURIComponent('2026-11-02T16:00:00+08:00');
    const contacted = async (sense: string) =>
      done(await office.supervisor.get(`cases/${id}?asOf=${asOf}&sense=${sense}`)).json.contactedAt;
    expect([await contacted('KNOWN'), await contacted('CORRECTED')]).toEqual(['2026-11-02T15:00:00+08:00', fact.occurredAt]);
    await finish(id, office.department);
    await step(office.window, id, 'close');
  });

  it('an expert who visits for a week: a card on Monday, shown at a venue, a matter solved before they leave', async () => {
    at('2026-11-09T09:00');
    const person = { ...someTalent(), category: 'M', engagement: 'FLEXIBLE' };
    const expertId = done(await office.window.post('talents', person), 201).json.id;
    const expert = await api.as('talent', { talentId: expertId });
    const { json: applied } = done(
      await expert.post(`talents/${expertId}/card-applications`, { cardType: 'YIMENG_HUICAI' }),
      201,
    );
    const review = `talents/${expertId}/card-applications/${applied.id}/review`;
    done(await office.supervisor.post(review, { decision: 'APPROVED' }));
    const card = { cardType: 'YIMENG_HUICAI', applicationId: applied.id };
    const { number } = done(await office.window.post(`talents/${expertId}/cards`, card), 201).json;
    done(await expert.post(`talents/${expertId}/cards/${applied.id}/activate`));
    at('2026-11-10T09:00');
    const venue = await api.as('venue');
    expect(done(await venue.get(`cards/verify/${number}`)).json).toMatchObject({ valid: true, expired: false });
    // What is used on site with the card is no matter for the desk; what needs an office is.
    const asked = { talentId: expertId, channelId: 'visit', urgency: 'ENQUIRY', matter: '陪诊' };
    expect((await expert.post('cases', { ...asked, itemCode: '24' })).json.code).toBe('item-used-on-site');
    const id = done(await expert.post('cases', { ...asked, itemCode: '03' }), 201).json.id;
    await step(office.window, id, 'accept');
    expect(await total(id)).toMatchObject({ due: '2026-11-11T17:00:00+08:00' });
    await step(office.window, id, 'dispatch', {});
    await step(health, id, 'sign');
    at('2026-11-10T10:00');
    await step(health, id, 'contact', { mode: 'ON_SITE' });
    at('2026-11-11T10:00');
    await finish(id, health, 5);
    await step(office.window, id, 'close');
    at('2026-11-13T15:00');
    await step(expert, id, 'rating', { satisfaction: 5 });
    expect(await office.shown(id)).toMatchObject({ status: 'CLOSED', breaches: [], rating: 5 });
    expect((await office.department.get(`cases/${id}`)).status).toBe(403);
  });

  it('a bad review: appealed in vain, put right, called back; whoever has reported on it can not appeal any more', async () => {
    at('2026-11-16T09:00');
    const [first, second] = [await office.signedFor(), await office.signedFor()];
    for (const id of [first, second]) {
      await step(office.department, id, 'contact', { mode: 'PHONE' });
      await finish(id, office.department);
      await step(office.window, id, 'close');
      await step(talent, id, 'rating', { satisfaction: 1, comment: '态度生硬' });
      await until('the rectification', async () => {
        const { rectifications, supervisions } = await office.shown(id);
        return rectifications.length === 1 && supervisions.length === 1;
      });
    }
    expect(clock(await office.shown(first), 'rectification')).toMatchObject({ due: '2026-11-23T17:00:00+08:00' });
    const report = { measure: 'RECTIFIED', report: '已当面致歉并补办' };
    const happy = { reachability: 'VALID', resolved: true, satisfaction: 4 };
    // One is put right at once, asked about, and then appealed against: too late.
    at('2026-11-17T09:00');
    await step(office.department, first, 'rectification', report);
    await step(office.window, first, 'rectification/callback', happy);
    const { possible } = await refused(office.department, first, 'rating/appeal', { reasonCode: 'MISTAKEN' }, 'illegal-step');
    expect(possible).not.toContain('AppealRating');
    // The other is appealed against first; the limit to put it right goes on meanwhile.
    await step(office.department, second, 'rating/appeal', { reasonCode: 'NOT_ATTRIBUTABLE', reason: '系统故障所致' });
    await refused(office.window, second, 'archive', {}, 'illegal-step');
    at('2026-11-20T09:00');
    await step(office.supervisor, second, 'rating/appeal/dismiss', { reasonCode: 'REVIEW_JUSTIFIED' });
    await step(office.department, second, 'rectification', report);
    await step(office.supervisor, second, 'rectification/callback', happy);
    for (const id of [first, second]) {
      expect(await office.shown(id)).toMatchObject({
        breaches: [],
        rectifications: [{ status: 'CALLED_BACK', measure: 'RECTIFIED' }],
      });
      await step(office.department, id, 'supervision/work-off', { report: '已谈话提醒' });
      await step(office.supervisor, id, 'supervision/close', {});
      await step(office.window, id, 'archive');
    }
    expect(await typesOf(second)).toEqual(expect.arrayContaining(['RatingAppealed', 'RatingAppealDismissed', 'CaseArchived']));
  });

  it('leave no shape of an event that is not kept', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
