import { type Client, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

describe('the named queues, through the API', () => {
  let api: TestApi;
  let office: Office;
  let colleague: { id: string; client: Client };
  let now = Date.parse('2026-10-12T09:00:00+08:00');
  const ids = {} as Record<'accepted' | 'dispatched' | 'taken' | 'returned' | 'paused' | 'judged', string>;

  const totals = async (client: Client): Promise<Record<string, number>> => {
    const { items } = done(await client.get('queues', { 'x-min-position': await api.head() })).json;
    return Object.fromEntries(items.map(({ name, total }: { name: string; total: number }) => [name, total]));
  };
  const inQueue = async (client: Client, name: string): Promise<string[]> =>
    done(await client.get(`queues/${name}`, { 'x-min-position': await api.head() })).json.items.map(
      ({ id }: { id: string }) => id,
    );

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    colleague = await office.specialist('王专员');
    ids.accepted = await office.accepted();
    ids.dispatched = await office.accepted();
    done(await office.window.post(`cases/${ids.dispatched}/dispatch`, {}));
    ids.taken = await office.signedFor({ urgency: 'ENQUIRY' });
    done(await colleague.client.post(`cases/${ids.taken}/take`));
    done(await colleague.client.post(`cases/${ids.taken}/contact`, { mode: 'PHONE' }));
    ids.returned = await office.signedFor();
    done(await office.department.post(`cases/${ids.returned}/return`, { reasonCode: 'NOT_OUR_DUTY' }));
    ids.paused = await office.signedFor();
    done(await office.department.post(`cases/${ids.paused}/pause`, { reasonCode: 'THIRD_PARTY' }));
    ids.judged = await office.signedFor();
    done(await office.department.post(`cases/${ids.judged}/result`, { outcome: 'SOLVED', reply: '已办结' }));
    done(await office.window.post(`cases/${ids.judged}/result/accept`));
  }, 60_000);
  afterAll(() => api?.stop());

  it('count what each caller sees', async () => {
    expect(await totals(office.window)).toMatchObject({
      'to-dispatch': 2,
      returned: 1,
      'to-sign-for': 1,
      'waiting-for-talent': 1,
      'to-call-back': 1,
      red: 0,
      dissatisfied: 0,
    });
    expect(await totals(office.department)).toMatchObject({ 'my-department': 4, 'to-dispatch': 0, 'to-sign-for': 1 });
    expect(await totals(colleague.client)).toMatchObject({ mine: 1, 'my-department': 4, 'to-dispatch': 0 });
    expect(Object.keys(await totals(office.window))).not.toContain('mine');
    const other = await api.as('department', { departmentId: 'ybj' });
    expect(new Set(Object.values(await totals(other)))).toEqual(new Set([0]));
  });

  it('show the same cases', async () => {
    expect(new Set(await inQueue(office.window, 'to-dispatch'))).toEqual(new Set([ids.accepted, ids.returned]));
    expect(await inQueue(office.window, 'returned')).toEqual([ids.returned]);
    expect(await inQueue(office.window, 'to-call-back')).toEqual([ids.judged]);
    expect(await inQueue(colleague.client, 'mine')).toEqual([ids.taken]);
    expect(done(await office.window.get('queues/to-dispatch?itemCode=05')).json).toMatchObject({ items: [], total: 0 });
  });

  it('go forth and back, by due and by registration', async () => {
    for (const order of ['due', 'registered']) {
      const page = async (cursor?: string) =>
        done(await office.window.get(`queue?limit=2&order=${order}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`))
          .json;
      const first = await page();
      const second = await page(first.next);
      expect([first.total, first.previous]).toEqual([6, null]);
      expect(await page(second.previous)).toEqual(first);
      expect(new Set([...first.items, ...second.items].map(({ id }: { id: string }) => id)).size).toBe(4);
    }
  });

  it('are filtered and searched by controlled words, which come and go by command', async () => {
    done(await office.window.post(`cases/${ids.dispatched}/tags`, { tag: 'visit' }));
    done(await colleague.client.post(`cases/${ids.taken}/tags`, { tag: 'media' }));
    expect((await office.window.post(`cases/${ids.taken}/tags`, { tag: 'nonsense' })).json).toMatchObject({
      code: 'tag-not-found',
      field: 'tag',
    });
    await totals(office.window);
    const found = async (query: string, client = office.window) =>
      new Set(done(await client.get(`queue?${query}`)).json.items.map(({ id }: { id: string }) => id));
    expect(await found('tags=visit')).toEqual(new Set([ids.dispatched]));
    expect(await found('tags=visit,media')).toEqual(new Set());
    expect(await found(`q=${encodeURIComponent('走访')}`)).toEqual(new Set([ids.dispatched]));
    expect(await found(`q=${encodeURIComponent('走访')}`, colleague.client)).toEqual(new Set([ids.dispatched]));
    const item = done(await office.window.get(`cases/${ids.taken}`)).json;
    expect(item.tags).toEqual([{ code: 'media', name: '舆情关注' }]);
    expect(await found(`q=${encodeURIComponent(item.itemName.slice(0, 2))}`)).toContain(ids.taken);
    expect(await found(`q=${item.number.toLowerCase()}`)).toEqual(new Set([ids.taken]));
    expect(await found(`category=${done(await office.window.get(`talents/${office.talentId}`)).json.category}`)).toContain(
      ids.taken,
    );
    expect(await found('registeredTo=2026-10-11')).toEqual(new Set());
    expect((await found('registeredFrom=2026-10-12')).size).toBe(6);
    done(await office.window.post(`cases/${ids.dispatched}/tags/remove`, { tag: 'visit' }));
    await totals(office.window);
    expect(await found('tags=visit')).toEqual(new Set());
    expect(done(await office.window.get('catalogue/tags')).json).toMatchObject({ inForce: 1, items: [{ version: 1 }] });
    expect((await office.window.post('catalogue/tags', { effectiveFrom: '2026-10-12', tags: [] })).status).toBe(403);
  });

  it('are searched by who it is about: exactly, in the body, in sight, and written down', async () => {
    const shown = done(await office.window.get(`talents/${office.talentId}`)).json;
    const found = async (body: object, client = office.window) =>
      done(await client.post('queue/search', body)).json.items.map(({ id }: { id: string }) => id);
    expect((await found({ phone: shown.phone })).length).toBe(6);
    expect((await found({ name: shown.name })).length).toBe(6);
    expect(new Set(await found({ name: shown.name }, colleague.client))).toContain(ids.taken);
    expect(await found({ phone: shown.phone }, await api.as('department', { departmentId: 'ybj' }))).toEqual([]);
    expect(await found({ cardNumber: 'YM00000000' })).toEqual([]);
    const { rows } = await api.t.system.pool.query(
      "select 1 from access_log.reads where subject_id = $1 and resource = $2 and role = 'specialist'",
      [office.talentId, `talents/${office.talentId}`],
    );
    expect(rows).not.toEqual([]);
    expect((await office.window.post('queue/search', {})).json).toMatchObject({ code: 'search-by-one-field' });
    expect((await office.window.post('queue/search', { name: 'a', phone: 'b' })).status).toBe(422);
  });

  it('are exported as a file for spreadsheets: all of it, in sight, people only with a purpose and written down', async () => {
    const file = done(await office.window.get('queue/export?open=true'));
    expect(file.text.startsWith('\ufeff"办件编号","事项编码"')).toBe(true);
    const lines = file.text.split('\r\n');
    expect([lines.length, lines.at(-1)]).toEqual([8, '']);
    expect(file.text).not.toContain('姓名');
    const red = done(await colleague.client.get('queue/export?queue=mine')).text.split('\r\n');
    expect(red.length).toBe(3);
    expect((await office.window.get('queue/export?queue=mine')).json).toMatchObject({ code: 'queue-not-found' });
    expect((await office.window.get('queue/export?people=true')).json).toMatchObject({
      code: 'purpose-required',
      field: 'X-Purpose',
    });
    const people = done(await office.window.get('queue/export?people=true', { 'x-purpose': 'monthly-report' })).text;
    const { name, phone } = done(await office.window.get(`talents/${office.talentId}`)).json;
    expect(people).toContain(`"${name}","${phone}"`);
    const { rows } = await api.t.system.pool.query(
      "select 1 from access_log.reads where subject_id = $1 and resource = 'queue/export' and purpose = 'monthly-report'",
      [office.talentId],
    );
    expect(rows.length).toBe(1);
    expect((await (await api.as('talent', { talentId: office.talentId })).get('queue/export')).status).toBe(403);
  });

  it('are worked off in bulk: each case by itself, and once', async () => {
    const supervisor = await api.as('supervisor');
    const none = '00000000-0000-4000-8000-00000000dead';
    const caseIds = [ids.paused, ids.judged, none, ids.paused];
    const once = { headers: { 'idempotency-key': 'remind-1' } };
    const first = done(await supervisor.post('cases/bulk/remind', { caseIds }, once)).json;
    expect(first).toMatchObject({
      done: 1,
      refused: 2,
      failed: 0,
      items: [
        { caseId: ids.paused, outcome: 'DONE', events: ['ReminderSent'], repeated: false },
        { caseId: ids.judged, outcome: 'REFUSED', code: 'illegal-step' },
        { caseId: none, outcome: 'REFUSED', code: 'case-not-found' },
      ],
    });
    expect(done(await supervisor.post('cases/bulk/remind', { caseIds }, once)).json.items[0]).toMatchObject({
      outcome: 'DONE',
      repeated: true,
    });
    expect(done(await supervisor.post('cases/bulk/remind', { caseIds })).json.items[0]).toMatchObject({
      outcome: 'REFUSED',
      code: 'reminded-already',
    });
    const { specialistId } = done(await office.window.get(`cases/${ids.taken}`)).json;
    const assigned = await supervisor.post('cases/bulk/assign', { caseIds: [ids.paused], mode: 'MANUAL', specialistId });
    expect(done(assigned).json).toMatchObject({ items: [{ outcome: 'DONE', events: ['CaseAssigned'] }] });
    expect(await inQueue(colleague.client, 'mine')).toContain(ids.paused);
    expect((await supervisor.post('cases/bulk/remind', { caseIds: ['x'] })).json).toMatchObject({ code: 'not-a-uuid' });
    const many = Array.from({ length: 101 }, () => none);
    expect((await supervisor.post('cases/bulk/remind', { caseIds: many })).json).toMatchObject({ code: 'list-too-long' });
    expect((await office.department.post('cases/bulk/remind', { caseIds })).status).toBe(403);
  });

  it('are looked into by views people save, share within their department, change and remove', async () => {
    const view = { name: '社保 已签收', queue: 'my-department', query: 'itemCode=04&dueTo=today%2B30', sharedWith: 'DEPARTMENT' };
    const { id } = done(await office.department.post('queue-views', view), 201).json;
    const entry = { id, name: view.name, queue: 'my-department', query: 'dueTo=today%2B30&itemCode=04', departmentId: 'rsj' };
    const other = await api.as('department', { departmentId: 'ybj' });
    const listed = async (client: Client) => done(await client.get('queue-views')).json.items;
    expect(await listed(office.department)).toMatchObject([{ ...entry, mine: true, revision: '0' }]);
    expect(await listed(colleague.client)).toMatchObject([{ ...entry, mine: false, revision: null }]);
    for (const client of [office.window, other]) expect(await listed(client)).toEqual([]);
    expect((await other.get(`queue-views/${id}/cases`)).json).toMatchObject({ status: 404, code: 'queue-view-not-found' });
    const page = done(await office.department.get(`queue-views/${id}/cases?limit=1`)).json;
    const same = done(await office.department.get('queues/my-department?itemCode=04&dueTo=today%2B30&limit=1')).json;
    expect(page).toEqual(same);
    expect(page.total).toBeGreaterThan(1);

    const everyone = { name: '督办', queue: 'supervised', sharedWith: 'EVERYONE' };
    expect((await office.department.post('queue-views', everyone)).json).toMatchObject({
      status: 403,
      code: 'only-supervisors-share-with-everyone',
    });
    const mine = { name: '我的红灯', queue: 'mine', query: 'light=RED', sharedWith: 'EVERYONE' };
    for (const body of [everyone, mine]) done(await office.supervisor.post('queue-views', body), 201);
    expect((await listed(office.window)).map(({ name }: { name: string }) => name)).toEqual(['督办']);
    expect((await listed(colleague.client)).map(({ name }: { name: string }) => name).sort()).toEqual([
      '我的红灯',
      '督办',
      '社保 已签收',
    ]);
    const red = (await listed(colleague.client)).find(({ name }: { name: string }) => name === '我的红灯');
    expect(done(await colleague.client.get(`queue-views/${red.id}/cases`)).json.total).toBe(0);

    const put = (client: Client, body: object, etag?: string) =>
      client.send('PUT', `queue-views/${id}`, body, etag ? { headers: { 'if-match': etag } } : {});
    expect((await put(office.supervisor, view)).json).toMatchObject({ status: 404, code: 'queue-view-not-found' });
    expect((await put(office.department, { ...view, query: 'light=PINK' })).json).toMatchObject({ field: 'query.light' });
    expect((await put(office.department, { ...view, name: '' })).json).toMatchObject({ field: 'name' });
    const { etag } = (await office.department.get(`queue-views/${id}`)).headers;
    const changed = { name: '办理中', query: 'open=true' };
    done(await put(office.department, changed, etag));
    expect((await put(office.department, changed, etag)).status).toBe(412);
    expect((await office.department.post('queue-views', changed)).json).toMatchObject({ code: 'queue-view-name-taken' });
    expect(await listed(colleague.client)).toHaveLength(2);
    expect(done(await office.department.get(`queue-views/${id}/cases`)).json.total).toBe(4);
    done(await office.department.post(`queue-views/${id}/remove`));
    expect((await office.department.get(`queue-views/${id}`)).status).toBe(404);
    done(await office.department.post('queue-views', changed), 201);
    expect((await (await api.as('talent', { talentId: office.talentId })).get('queue-views')).status).toBe(403);
  });

  it('leave no shape of an event that is not kept', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });

  it('refuse what there is not', async () => {
    expect((await office.window.get('queues/mine')).json).toMatchObject({ status: 404, code: 'queue-not-found', field: 'name' });
    expect((await office.window.get('queues/nonsense')).status).toBe(404);
    expect((await office.window.get('queues/red?colour=red')).json).toMatchObject({ status: 400 });
    expect((await office.window.get('queue?order=size')).status).toBe(422);
    expect((await office.window.get('queue?cursor=xyz')).json.code ?? '').not.toBe('');
    expect((await (await api.as('talent', { talentId: office.talentId })).get('queues')).status).toBe(403);
  });

  it('turn with the clock', async () => {
    now = Date.parse('2026-10-13T10:00:00+08:00');
    expect(await totals(office.window)).toMatchObject({ 'due-today': 1 });
    expect(await inQueue(office.window, 'due-today')).toEqual([ids.taken]);
    now = Date.parse('2026-10-14T09:00:00+08:00');
    await until('the breach to be under supervision', async () =>
      (await inQueue(office.window, 'supervised')).includes(ids.taken),
    );
    expect(await inQueue(office.window, 'red')).toContain(ids.taken);
    done(
      await (await api.as('talent', { talentId: office.talentId })).post(`cases/${ids.taken}/messages`, { message: '请回复' }),
    );
    expect(await totals(office.window)).toMatchObject({ 'talent-wrote': 1 });
    expect(done(await office.window.get('queues', { 'accept-language': 'en' })).json.items[0]).toMatchObject({
      name: 'to-dispatch',
      title: 'To dispatch',
    });
  });
});
