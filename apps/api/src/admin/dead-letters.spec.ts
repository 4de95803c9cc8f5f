import { type Client, someTalent, startTestApi, type TestApi } from '../../../../test/support/api.js';
import { until } from '../../../../test/support/until.js';

jest.setTimeout(60_000);

let api: TestApi;
let admin: Client;
let window: Client;
let talents: string[];
beforeAll(async () => {
  api = await startTestApi();
  [admin, window] = [await api.as('admin'), await api.as('window')];
  talents = [];
  for (let i = 0; i < 3; i++) talents.push((await window.post('talents', someTalent())).json.id);
});
afterAll(() => api?.stop());

const refuse = () =>
  api.t.system.pool.query('alter table read_talents_v2.rows add constraint first_only check (revision < 1) not valid');
const allow = () => api.t.system.pool.query('alter table read_talents_v2.rows drop constraint if exists first_only');
const correct = async (id: string, category: string) => {
  const reply = await window.send('PATCH', `talents/${id}`, { changes: { category }, reason: '登记有误' });
  expect(reply.status).toBe(200);
};
const letters = async () => (await admin.get('admin/dead-letters')).json.items;
const page = async (id: string) => {
  const { json, headers } = await window.get(`talents/${id}`);
  return [json.category, headers['x-parked']];
};

it('a talent whose event can not be taken is parked, and only who looks at that one is told; retried, all is well again', async () => {
  const [a, b] = talents as [string, string];
  await refuse();
  await correct(a, 'P1');
  await until('the dead letter', async () => (await letters()).length === 1);
  expect(await page(a)).toEqual(['M', 'talents; partitions=1']);
  expect(await page(b)).toEqual(['M', undefined]);
  // Whoever looks at many may miss what is parked.
  const found = await window.post('talents/search', { phone: someTalent().phone });
  expect(found.headers['x-parked']).toBe('talents; partitions=1');

  const [letter] = await letters();
  expect(letter).toMatchObject({
    projection: 'talents',
    partition: a,
    stream: `talent-${a}`,
    revision: '1',
    state: 'failed',
    attempts: 1,
    error: 'PostgreSQL refused a constraint (SQLSTATE 23514), table rows, constraint first_only',
  });
  const again = await admin.post(`admin/dead-letters/${letter.id}/retry`);
  expect([again.status, again.json]).toEqual([
    200,
    expect.objectContaining({ kind: 'retry', outcome: 'still-failing', solved: 0, remaining: 1 }),
  ]);
  expect((await letters())[0].attempts).toBe(2);

  await allow();
  const done = await admin.post(`admin/dead-letters/${letter.id}/retry`);
  expect(done.json).toMatchObject({ outcome: 'done', solved: 1, remaining: 0 });
  expect(await page(a)).toEqual(['P1', undefined]);
  expect(await letters()).toEqual([]);
  const gone = await admin.post(`admin/dead-letters/${letter.id}/retry`);
  expect([gone.status, gone.json.code]).toEqual([404, 'dead-letter-not-found']);
});

it('a skipped event is passed over, by whom and why is kept', async () => {
  const [, b] = talents as [string, string];
  await refuse();
  await correct(b, 'P2');
  await until('the dead letter', async () => (await letters()).length === 1);
  const [{ id }] = await letters();
  const unsaid = await admin.post(`admin/dead-letters/${id}/skip`, {});
  expect([unsaid.status, unsaid.json.code, unsaid.json.field]).toEqual([400, 'field-required', 'reason']);
  const done = await admin.post(`admin/dead-letters/${id}/skip`, { reason: 'entered twice' });
  expect(done.json).toMatchObject({ kind: 'skip', outcome: 'done', solved: 1, remaining: 0 });
  await allow();
  expect(await page(b)).toEqual(['M', undefined]);
  const { rows } = await api.t.system.pool.query('select projection, stream, reason, skipped_by from ops.skipped_events');
  expect(rows).toEqual([
    {
      projection: 'talents',
      stream: `talent-${b}`,
      reason: 'entered twice',
      skipped_by: expect.stringMatching(/^urn:huicai:local\|[0-9a-f-]{36}$/),
    },
  ]);
});

it('what is missing because its first event waits is not said to be unknown', async () => {
  await api.t.system.pool.query('alter table read_talents_v2.rows add constraint nobody check (false) not valid');
  const { id } = (await window.post('talents', someTalent())).json;
  await until('the dead letter', async () => (await letters()).length === 1);
  const reply = await window.get(`talents/${id}`);
  expect([reply.status, reply.json.code]).toEqual([503, 'partition-parked']);
  const unknown = await window.get('talents/0192aaaa-0000-7000-8000-00000000dead');
  expect([unknown.status, unknown.json.code]).toEqual([404, 'talent-not-found']);
  await api.t.system.pool.query('alter table read_talents_v2.rows drop constraint nobody');
  const [letter] = await letters();
  expect((await admin.post(`admin/dead-letters/${letter.id}/retry`)).json.outcome).toBe('done');
  expect((await window.get(`talents/${id}`)).json).toMatchObject({ id });
});

it('pages by id, and filters', async () => {
  await refuse();
  for (const id of talents) await correct(id, 'P3');
  await correct(talents[0]!, 'P4');
  await until('the dead letters', async () => (await letters()).length === 4);
  const first = (await admin.get('admin/dead-letters?limit=3')).json;
  const second = (await admin.get(`admin/dead-letters?limit=3&after=${first.next}`)).json;
  expect([first.items.length, second.items.length, second.next]).toEqual([3, 1, null]);
  const queued = (await admin.get('admin/dead-letters?state=queued&projection=talents')).json.items;
  expect(queued).toEqual([expect.objectContaining({ partition: talents[0], attempts: 0, error: null })]);
  expect((await admin.get('admin/dead-letters?projection=cards')).json.items).toEqual([]);
  await allow();
});

it('is for admins alone, and takes nothing that is no letter', async () => {
  const supervisor = await api.as('supervisor');
  for (const reply of [
    await supervisor.get('admin/dead-letters'),
    await supervisor.post('admin/dead-letters/1/retry'),
    await supervisor.post('admin/dead-letters/1/skip', { reason: 'x' }),
  ])
    expect([reply.status, reply.json.code]).toEqual([403, 'role-not-allowed']);
  const strange = await admin.post('admin/dead-letters/x/retry');
  expect([strange.status, strange.json.code]).toEqual([422, 'code-invalid']);
  const unknown = await admin.post('admin/dead-letters/999999/skip', { reason: 'x' });
  expect([unknown.status, unknown.json.code]).toEqual([404, 'dead-letter-not-found']);
  const filter = await admin.get('admin/dead-letters?state=lost');
  expect(filter.json).toMatchObject({ code: 'not-one-of', field: 'state' });
});
