import { type Client, someTalent, startTestApi, type TestApi } from '../support/api.js';

describe('writers at the same time, and repeats', () => {
  let api: TestApi;
  let window: Client;
  let talentId: string;
  beforeAll(async () => {
    api = await startTestApi();
    window = await api.as('window');
    talentId = (await window.post('talents', someTalent())).json.id;
  }, 60_000);
  afterAll(() => api?.stop());

  const aCase = () => ({ talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' });
  const correct = (name: string, headers = {}) =>
    window.send('PATCH', `talents/${talentId}`, { changes: { name }, reason: '改名' }, { headers });

  it('lets one of two writers on the same version through, and the other once it has looked again', async () => {
    const { etag } = (await window.get(`talents/${talentId}`)).headers as { etag: string };
    const both = await Promise.all(['张甲', '张乙'].map((name) => correct(name, { 'if-match': etag })));
    const [won, lost] = both.sort((a, b) => a.status - b.status);
    expect([won!.status, lost!.status]).toEqual([200, 412]);
    expect(lost!.json).toMatchObject({ code: 'stale-version', field: 'If-Match', currentVersion: won!.json.revision });
    expect(lost!.headers.etag).toBe(won!.headers.etag);
    const again = await correct('张丙', { 'if-match': lost!.headers.etag });
    expect(again.status).toBe(200);
    expect((await window.get(`talents/${talentId}`)).json.name).toBe('张丙');
  });

  it('lets both through without a version where both are legal', async () => {
    const both = await Promise.all(['张丁', '张戊'].map((name) => correct(name)));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(both.map(({ json }) => json.revision)).size).toBe(2);
  });

  it('tells the second of two who try the same step what is possible now', async () => {
    const { id } = (await window.post('cases', aCase())).json;
    const both = await Promise.all([window.post(`cases/${id}/accept`), window.post(`cases/${id}/accept`)]);
    const [won, lost] = both.sort((a, b) => a.status - b.status);
    expect([won!.status, lost!.status]).toEqual([200, 409]);
    expect(lost!.json).toMatchObject({
      code: 'illegal-step',
      possible: expect.arrayContaining([
        'DispatchCase',
        'WithdrawCase',
        'AnswerDirectly',
        'RemindCase',
        'AddNote',
        'SendMessage',
      ]),
    });
  });

  it('answers a repeated creation byte by byte as the first time, also after the case has moved on', async () => {
    const headers = { 'idempotency-key': 'create-1' };
    const first = await window.post('cases', aCase(), { headers });
    expect(first.status).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    await window.post(`cases/${first.json.id}/accept`);
    const repeat = await window.post('cases', aCase(), { headers });
    expect([repeat.status, repeat.text]).toEqual([201, first.text]);
    expect(repeat.headers).toMatchObject({
      'idempotency-replayed': 'true',
      'idempotency-key': 'create-1',
      etag: first.headers.etag,
      location: first.headers.location,
      'x-position': first.headers['x-position'],
    });
  });

  it('answers a repeated talent, card and step the same', async () => {
    const talent = someTalent();
    const calls: [string, unknown][] = [
      ['talents', talent],
      [`talents/${talentId}/cards`, { cardType: 'SHANDONG_HUICAI' }],
    ];
    const { id } = (await window.post('cases', aCase())).json;
    calls.push([`cases/${id}/accept`, undefined]);
    for (const [path, body] of calls) {
      const headers = { 'idempotency-key': 'the-same-key' };
      const first = await window.post(path, body, { headers });
      const repeat = await window.post(path, body, { headers });
      expect([first.status < 300, repeat.status, repeat.text]).toEqual([true, first.status, first.text]);
      expect(repeat.headers['idempotency-replayed']).toBe('true');
    }
  });

  it('records once what is sent twice at the same time', async () => {
    const headers = { 'idempotency-key': 'twins' };
    const before = (await window.get('queue?open=true')).json.total;
    const [a, b] = await Promise.all([window.post('cases', aCase(), { headers }), window.post('cases', aCase(), { headers })]);
    expect([a!.status, b!.status]).toEqual([201, 201]);
    expect(a!.text).toBe(b!.text);
    expect((await window.get('queue?open=true')).json.total).toBe(before + 1);
  });

  it('refuses a key that was used for another body, and takes it from another caller', async () => {
    const headers = { 'idempotency-key': 'create-2' };
    expect((await window.post('cases', aCase(), { headers })).status).toBe(201);
    const head = await api.head();
    const other = await window.post('cases', { ...aCase(), matter: '另一件事' }, { headers });
    expect(other.status).toBe(422);
    expect(other.json).toMatchObject({ code: 'idempotency-key-reused', field: 'Idempotency-Key' });
    expect(other.headers['idempotency-key']).toBe('create-2');
    expect(await api.head()).toBe(head);
    const colleague = await api.as('window');
    expect((await colleague.post('cases', aCase(), { headers })).status).toBe(201);
  });

  it('makes a key for whoever brings none, and tells it', async () => {
    const first = await window.post('cases', aCase());
    const key = first.headers['idempotency-key']!;
    const repeat = await window.post('cases', aCase(), { headers: { 'idempotency-key': key } });
    expect(repeat.text).toBe(first.text);
  });

  it('says 304 to a reader who has this version', async () => {
    const first = await window.get(`talents/${talentId}`);
    const again = await window.get(`talents/${talentId}`, { 'if-none-match': first.headers.etag! });
    expect([again.status, again.text]).toEqual([304, '']);
    await correct('张己');
    const changed = await window.get(`talents/${talentId}`, { 'if-none-match': first.headers.etag! });
    expect([changed.status, changed.json.name]).toEqual([200, '张己']);
  });

  it('says 304 for nothing that moves on by itself: lights go with the clock, proofs are made anew', async () => {
    const { id } = (await window.post('cases', aCase())).json;
    for (const path of [`cases/${id}`, `cases/${id}/history`]) {
      const first = await window.get(path);
      const again = await window.get(path, { 'if-none-match': first.headers.etag! });
      expect([again.status, again.headers.etag]).toEqual([200, first.headers.etag]);
    }
  });

  it('counts as overdue what is so now, whenever the period of a report ends', async () => {
    const { id } = (await window.post('cases', aCase())).json;
    await window.post(`cases/${id}/accept`);
    await window.post(`cases/${id}/dispatch`, {});
    expect((await window.get(`cases/${id}`)).json.clocks.filter((clock: { overdue: boolean }) => clock.overdue)).toEqual([]);
    for (const by of ['item', 'department', 'month']) {
      const { rows } = (await window.get(`reports/sla?by=${by}&from=2020-01&to=2199-12`)).json;
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter((row: { overdue: number }) => row.overdue > 0)).toEqual([]);
    }
  });

  it('pages through the queue without losing or repeating a case', async () => {
    const all = (await window.get('queue')).json;
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: { id: string }[]; total: number; next: string | null } = (
        await window.get(`queue?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      ).json;
      expect(page.total).toBe(all.total);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    }
    expect(seen).toEqual(all.items.map(({ id }: { id: string }) => id));
  });

  it('dates its answers, and says so when it can not be as fresh as asked', async () => {
    const fresh = await window.get('queue');
    expect(fresh.headers).not.toHaveProperty('x-stale');
    expect(BigInt(fresh.headers['x-as-of-position']!)).toBeGreaterThan(0n);
    const impatient = await startTestApi(api.t, 200);
    const reader = await impatient.as('window');
    const far = '999999999999';
    const strict = await reader.get('queue', { 'x-min-position': far, 'x-consistency': 'strict' });
    expect([strict.status, strict.json.code, strict.headers['retry-after']]).toEqual([503, 'not-fresh-enough', '2']);
    const stale = await reader.get('queue', { 'x-min-position': far });
    expect([stale.status, stale.headers['x-stale']]).toEqual([200, 'true']);
    await impatient.app.close();
  });

  it('names a projection that has stopped', async () => {
    const { pool } = api.t.system;
    await pool.query("update read_service_queue_v13.checkpoint set failed = 'for the test'");
    expect((await window.get('queue')).headers['x-projection-failed']).toBe('service_queue');
    await pool.query('update read_service_queue_v13.checkpoint set failed = null');
  });
});
