import { EventReader } from '../../apps/api/src/stream/event-reader.fixture.js';
import { DEFAULT_POLICY } from '../../libs/contexts/calendar/default-policy.js';
import { ITEMS_2024 } from '../../libs/contexts/catalogue/draft-2024.js';
import { type Client, startTestApi, type TestApi } from '../support/api.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const CHANGES = 'calendars/cn-lanshan/changes';
const JANUARY = '2020-01-31T17:00:00+08:00';
const FEBRUARY = '2020-02-03T17:00:00+08:00';

/** The Spring Festival of 2020 was to end on 30 January; on the 27th it was prolonged to 2 February while it ran. */
describe('the Spring Festival of 2020, prolonged while it ran, through the API', () => {
  let api: TestApi;
  let office: Office;
  let specialist: { id: string; client: Client };
  let now = Date.parse('2020-01-23T09:00:00+08:00');
  let [enquiry, normal, changeId] = ['', '', ''];
  let watcher: EventReader;

  const at = (local: string) => {
    now = Date.parse(`${local}+08:00`);
  };
  /** What nobody but the system itself may: an office that began in 2019, with today's list and limits. */
  const begin2019 = async () => {
    const effectiveFrom = '2019-01-01';
    const version = '2019';
    const context = (key: string) => ({ commandId: key, correlationId: key, commandHash: { k: 'test', v: key } });
    const caller = { id: 'reference-data', role: 'system' } as const;
    const { system } = api.t;
    const policy = { ...DEFAULT_POLICY, version: 2, effectiveFrom };
    await system.send({
      ...{ aggregate: 'policy', id: 'default', caller, context: context('b8a1ad32-5e5c-5b07-9b0c-3d2f7a1f5a01') },
      command: { type: 'PublishPolicyVersion', data: { policy } },
    });
    await system.send({
      ...{ aggregate: 'catalogue', id: 'lanshan', caller, context: context('b8a1ad32-5e5c-5b07-9b0c-3d2f7a1f5a02') },
      command: { type: 'DraftCatalogueVersion', data: { version, items: ITEMS_2024 } },
    });
    await system.send({
      ...{ aggregate: 'catalogue', id: 'lanshan', caller, context: context('b8a1ad32-5e5c-5b07-9b0c-3d2f7a1f5a03') },
      command: { type: 'PublishCatalogueVersion', data: { version, effectiveFrom } },
    });
  };
  const dispatched = async (urgency: string, departmentId: string): Promise<string> => {
    const id = await office.accepted({ urgency });
    done(await office.window.post(`cases/${id}/dispatch`, { departmentId }));
    return id;
  };
  const explain = async (asOf?: string, clock = 'total') =>
    done(
      await office.supervisor.get(`cases/${enquiry}/clocks/${clock}/explain${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`),
    ).json;
  const deadline = (asKnownAt: string) =>
    office.supervisor.post('working-time/deadline', {
      start: '2020-01-23T10:00:00+08:00',
      limit: { kind: 'workingDays', days: 1 },
      calendar: 'cn-lanshan',
      asKnownAt,
      pauses: [],
    });
  const dues = async () => {
    const { items } = done(await office.window.get('queue')).json;
    return Object.fromEntries(items.map((item: { id: string; totalDue: string }) => [item.id, item.totalDue]));
  };

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    await begin2019();
    office = await Office.open(api);
    specialist = await office.specialist('王专员');
    enquiry = await dispatched('ENQUIRY', 'rsj');
    done(await office.department.post(`cases/${enquiry}/sign`));
    done(await specialist.client.post(`cases/${enquiry}/take`));
    done(await specialist.client.post(`cases/${enquiry}/contact`, { mode: 'PHONE' }));
    done(await specialist.client.post(`cases/${enquiry}/opinions`, { opinion: '按时办结' }));
    normal = await dispatched('NORMAL', 'ybj');
    await api.app.listen(0, '127.0.0.1');
    const token = (await api.issuer.issueToken({ id: 'a-watcher', role: 'window' })).accessToken;
    watcher = new EventReader(`${await api.app.getUrl()}/api/v1/stream`, { authorization: `Bearer ${token}` });
    await watcher.next('that it has begun', ({ event }) => event === 'reset');
  }, 60_000);
  afterAll(async () => {
    watcher?.close();
    await api?.stop();
  });

  it('promises by what was known when the clocks started', async () => {
    expect(await explain()).toMatchObject({ due: JANUARY, promisedDue: JANUARY, calendar: { version: 3 }, provisional: false });
    expect(await dues()).toEqual({ [enquiry]: JANUARY, [normal]: '2020-02-05T17:00:00+08:00' });
  });

  it('makes of one day two, by what was known of it when', async () => {
    at('2020-01-26T10:00:00');
    expect(done(await deadline('2020-01-26T10:00:00+08:00')).json).toMatchObject({ due: JANUARY, provisional: false });
    expect((await deadline('2020-01-28T10:00:00+08:00')).json).toMatchObject({ errors: [{ code: 'known-in-future' }] });
    at('2020-01-28T10:00:00');
    expect(done(await deadline('2020-01-26T10:00:00+08:00')).json.due).toBe(JANUARY);
    expect(done(await deadline('2020-01-28T10:00:00+08:00')).json.due).toBe(FEBRUARY);
    at('2020-01-27T12:00:00');
  });

  it('shows beforehand which deadlines would move, by department and specialist', async () => {
    const preview = done(await office.supervisor.post(`${CHANGES}/preview`, { mode: 'retroactive', to: 4 })).json;
    // Saturday 1 February was to be worked. Of the other case, signing and contact were due within hours of the dispatch, before the festival.
    expect(preview.byDepartment).toMatchObject([
      { group: '', clocks: 2, moved: 2 },
      { group: 'rsj', clocks: 1, moved: 1 },
      { group: 'ybj', clocks: 4, moved: 2 },
    ]);
    expect(preview.bySpecialist).toMatchObject([
      { group: '', clocks: 6, moved: 4 },
      { group: specialist.id, clocks: 1, moved: 1 },
    ]);
    const moved = (caseId: string, clockId: string) =>
      preview.moves.find((move: { caseId: string; clockId: string }) => move.caseId === caseId && move.clockId === clockId);
    expect(moved(enquiry, 'handling/1/1')).toMatchObject({ departmentId: 'rsj', specialistId: specialist.id });
    expect(moved(enquiry, 'total/1/1')).toMatchObject({ before: JANUARY, after: FEBRUARY });
    expect(moved(normal, 'handling/1/1')).toMatchObject({
      before: '2020-02-05T17:00:00+08:00',
      after: '2020-02-07T17:00:00+08:00',
    });
    expect((await explain()).due).toBe(JANUARY);
  });

  it('moves them once applied, and has whoever watches load anew', async () => {
    const events = watcher.events.length;
    const body = { mode: 'retroactive', to: 4, reason: '国办延长春节假期至2月2日' };
    const applied = done(await office.supervisor.post(CHANGES, body), 201).json;
    changeId = applied.id;
    await until('the queue', async () => (await dues())[enquiry] === FEBRUARY);
    expect((await dues())[normal]).toBe('2020-02-07T17:00:00+08:00');
    await until('the word to load anew', () =>
      watcher.events.slice(events).some(({ event, data }) => event === 'reset' && data.reason === 'views-mended'),
    );
  });

  it('is explained as of 26 and as of 28 January by what was known then', async () => {
    at('2020-01-28T10:00:00');
    const [then, since] = [await explain('2020-01-26T10:00:00+08:00'), await explain('2020-01-28T10:00:00+08:00')];
    expect(then).toMatchObject({ due: JANUARY, calendar: { version: 3, promisedUnder: 3 }, changes: [] });
    expect(since).toMatchObject({
      due: FEBRUARY,
      promisedDue: JANUARY,
      calendar: { version: 4, promisedUnder: 3 },
      changes: [{ changeId, mode: 'retroactive', to: 4, appliedAt: '2020-01-27T12:00:00+08:00' }],
    });
    const friday = ({ ahead }: { ahead: { from: string; counted: boolean; reason: string }[] }) =>
      ahead.filter(({ from }) => from.startsWith('2020-01-31')).map(({ counted }) => counted);
    expect(friday(then)).toContain(true);
    expect(friday(since)).not.toContain(true);
  });

  it('is undone: dues are what they were, and what was said in between is still explained', async () => {
    at('2020-01-29T10:00:00');
    done(await office.supervisor.post(`${CHANGES}/${changeId}/undo`, { reason: '通知更正' }));
    await until('the queue', async () => (await dues())[enquiry] === JANUARY);
    expect((await dues())[normal]).toBe('2020-02-05T17:00:00+08:00');
    expect((await explain()).due).toBe(JANUARY);
    expect((await explain('2020-01-28T10:00:00+08:00')).due).toBe(FEBRUARY);
  });
});
