import { randomUUID } from 'node:crypto';
import { type Client, startTestApi, type TestApi } from '../../../../test/support/api.js';
import { until } from '../../../../test/support/until.js';

jest.setTimeout(60_000);

const NAME = 'supervise-case-on-dissatisfied-callback';
const [parked, waiting] = [randomUUID(), randomUUID()];
let api: TestApi;
let admin: Client;
beforeAll(async () => {
  api = await startTestApi();
  admin = await api.as('admin');
  const { pool } = api.t.system;
  await until('the worker', async () => (await pool.query('select 1 from ops.reaction where name = $1', [NAME])).rows.length > 0);
  // Events of a stream that is not there.
  await pool.query(
    `insert into ops.reaction_failures (reaction, event_id, stream, revision, position, type, state, attempts, error, next_at)
     values ($1, $2, 'case-gone', 0, 1, 'CallbackRecorded', 'parked', 10, 'Refusal: no', now()),
       ($1, $3, 'case-gone', 1, 2, 'CallbackRecorded', 'retrying', 0, null, now())`,
    [NAME, parked, waiting],
  );
});
afterAll(() => api?.stop());

const events = async (query = '') => (await admin.get(`admin/reactions/${NAME}/events${query}`)).json;
const post = async (id: string, what: string, body?: object) => {
  const { status, json } = await admin.post(`admin/reactions/${NAME}/events/${id}/${what}`, body);
  return [status, json.code ?? json.state];
};

it('shows how reactions stand and what they could not handle, page by page', async () => {
  expect((await admin.get('admin/reactions')).json.items).toContainEqual(
    expect.objectContaining({ name: NAME, stopped: null, parked: 1, waiting: 1, retrying: 0, skipped: 0 }),
  );
  const first = await events('?limit=1');
  expect(first).toMatchObject({ items: [{ eventId: parked, state: 'parked', attempts: 10, error: 'Refusal: no' }], next: '1' });
  expect(await events(`?after=${first.next}`)).toMatchObject({ items: [{ eventId: waiting, state: 'waiting' }], next: null });
});

it('retries what is at the head of its stream, and skips with a reason that stays on record', async () => {
  expect(await post(waiting, 'retry')).toEqual([422, 'reaction-event-waits']);
  expect(await post(parked, 'retry')).toEqual([200, 'retrying']);
  await until('an attempt', async () => (await events()).items[0].error === 'The event is not in the log any more');
  expect(await post(parked, 'skip', {})).toEqual([400, 'field-required']);
  expect(await post(parked, 'skip', { reason: '演练' })).toEqual([200, 'skipped']);
  expect(await post(parked, 'skip', { reason: '演练' })).toEqual([404, 'reaction-event-not-found']);
  expect((await events()).items[0]).toMatchObject({ eventId: parked, skipped: { reason: '演练', by: expect.any(String) } });
  await until('the next to be tried', async () => (await events()).items[1].attempts > 0);
});

it('tells what is not there, and is for admins alone', async () => {
  expect(await post(randomUUID(), 'retry')).toEqual([404, 'reaction-event-not-found']);
  expect((await admin.get('admin/reactions/no-such-reaction/events')).json.code).toBe('reaction-not-found');
  expect((await admin.get('admin/reactions/No_Such/events')).json.code).toBe('code-invalid');
  const window = await api.as('window');
  for (const path of ['admin/reactions', `admin/reactions/${NAME}/events`]) expect((await window.get(path)).status).toBe(403);
});
