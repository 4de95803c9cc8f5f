import { allProjections } from '@huicai/composition';
import { type Client, someTalent, startTestApi, type TestApi } from '../../../../test/support/api.js';
import { startTestSystem } from '../../../../test/support/system.js';
import { until } from '../../../../test/support/until.js';

jest.setTimeout(60_000);

let api: TestApi;
let admin: Client;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  const t = await startTestSystem();
  api = await startTestApi({ ...t, startWorker: () => (worker = t.startWorker()) });
  admin = await api.as('admin');
});
afterAll(() => api?.stop());

const status = async () => (await admin.get('admin/projections')).json;
const projection = async (name: string) => (await status()).projections.find((each: { name: string }) => each.name === name);

it('is for admins alone', async () => {
  const supervisor = await api.as('supervisor');
  const reply = await supervisor.get('admin/projections');
  expect([reply.status, reply.json.code]).toEqual([403, 'role-not-allowed']);
});

it('shows every projection level, with what it was fed of late, and who leads', async () => {
  const window = await api.as('window');
  const { position } = (await window.post('talents', someTalent())).json;
  await until('the word of the worker', async () => {
    const talents = await projection('talents');
    return talents.level && BigInt(talents.position) >= BigInt(position) && talents.eventsPerSecond > 0;
  });
  const found = await status();
  expect(found.projections.map(({ name }: { name: string }) => name)).toEqual([...allProjections.keys()].map(({ name }) => name));
  for (const each of found.projections)
    expect(each).toMatchObject({ level: true, failed: null, parked: 0, deadLetters: 0, schema: expect.stringMatching(/^read_/) });
  expect(found.leader).toMatchObject({ leads: true, name: expect.stringMatching(/:\d+$/) });
  expect(found).toMatchObject({ timers: { open: 0, due: 0, lagSeconds: 0, failing: 0 }, timersHeld: false });
});

/** A question without a position to wait for. */
async function ask(headers: Record<string, string> = {}) {
  const { accessToken } = await api.issuer.issueToken({ id: 'window-1', role: 'window' });
  return api.app.inject({ url: '/api/v1/queue', headers: { authorization: `Bearer ${accessToken}`, ...headers } });
}

it('a read tells an idle worker from a dead one, and a strict one is refused rather than answered from the past', async () => {
  const strict = { 'x-consistency': 'strict' };
  await until('an idle worker', async () => (await ask(strict)).statusCode === 200);
  expect((await ask()).headers).toMatchObject({ 'x-as-of': expect.any(String) });
  await worker.stop();
  const { rows } = await api.t.system.pool.query("update ops.heartbeat set as_of = as_of - interval '6 seconds' returning as_of");
  const stale = await ask();
  expect([stale.statusCode, stale.headers['x-stale'], stale.headers['x-as-of']]).toEqual([
    200,
    'true',
    rows[0].as_of.toISOString(),
  ]);
  const refused = await ask(strict);
  expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([503, 'not-fresh-enough', '2']);
});

it('tells what has stopped, what is missing and that nobody leads', async () => {
  const { pool } = api.t.system;
  await pool.query("update read_talents_v2.checkpoint set failed = 'it broke'");
  await pool.query(
    `insert into ops.dead_letters (projection, schema, partition, position, stream, revision, event_id, type, error, state, attempts)
     values ('cards', 'read_cards_v1', 'x', 1, 'cardHolder-x', 0, gen_random_uuid(), 'CardApplied', 'no', 'failed', 1),
       ('cards', 'read_cards_v1', 'x', 2, 'cardHolder-x', 1, gen_random_uuid(), 'CardIssued', null, 'queued', 0)`,
  );
  await pool.query("update ops.heartbeat set as_of = as_of - interval '1 hour'");
  const found = await status();
  expect(found.leader.leads).toBe(false);
  expect(await projection('talents')).toMatchObject({ failed: 'it broke', level: false });
  expect(await projection('cards')).toMatchObject({ level: false, parked: 1, deadLetters: 2 });
  expect((await projection('cards')).lagSeconds).toBeGreaterThan(3_599);
});
