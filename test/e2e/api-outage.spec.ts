import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HuicaiSystem, loadReferenceData, runWorker } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { someTalent, startTestApi, type TestApi } from '../support/api.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestEventStore, type TestEventStore } from '../support/event-store.js';

describe('when a part is away', () => {
  let api: TestApi;
  let database: TestDatabase;
  let eventStore: TestEventStore;
  let system: HuicaiSystem;
  let directory: string;
  const stopWorker = new AbortController();
  let worker: Promise<void> | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'huicai-test-'));
    const kekFile = join(directory, 'kek');
    await writeFile(kekFile, randomBytes(32), { mode: 0o600 });
    [database, eventStore] = await Promise.all([createTestDatabase(), createTestEventStore()]);
    await migrate(database.url);
    const databaseUrl = database.url;
    const eventStoreUrl = eventStore.connectionString;
    system = await HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile });
    await loadReferenceData(system);
    const startWorker = () => {
      worker = runWorker({ system, databaseUrl, signal: stopWorker.signal, log: () => undefined });
      return { stop: endWorker };
    };
    api = await startTestApi({ system, databaseUrl, eventStoreUrl, kekFile, directory, startWorker, stop: endWorker });
  }, 60_000);
  afterAll(async () => {
    await api?.stop();
    await system?.close();
    await eventStore?.close();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  async function endWorker(): Promise<void> {
    stopWorker.abort();
    await worker;
  }

  it('answers what is not HTTP with a problem, and hangs up', async () => {
    await api.app.listen(0, '127.0.0.1');
    const socket = connect((api.app.getHttpServer().address() as { port: number }).port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const closed = new Promise((done) => socket.once('close', done));
    socket.write('NONSENSE\r\n\r\n');
    await closed;
    expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(text).toMatch(/content-type: application\/problem\+json/);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toMatchObject({ status: 400, code: 'request-malformed' });
  });

  it('says that the event store is away, and takes the same command once it is back', async () => {
    const window = await api.as('window');
    const talent = someTalent();
    const headers = { 'idempotency-key': randomUUID() };
    const guest = api.withToken(undefined);
    const talentId = (await window.post('talents', someTalent())).json.id;
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    const { id } = (await window.post('cases', matter)).json;
    expect((await window.post(`cases/${id}/accept`)).status).toBe(200);
    const seen = (await window.get(`cases/${id}`)).json;
    expect(seen.clocks).toHaveLength(1);
    await eventStore.stop();
    const away = await window.post('talents', talent, { headers });
    expect([away.status, away.json.code, away.headers['retry-after']]).toEqual([503, 'store-unavailable', '2']);
    const sick = await guest.get('/health/ready');
    expect([sick.status, sick.json.checks.database]).toEqual([503, 'ok']);
    expect(sick.json.checks.eventStore).not.toBe('ok');
    // What has been seen can still be looked at.
    expect((await window.get('queue')).status).toBe(200);
    const shown = await window.get(`cases/${id}`);
    expect([shown.status, shown.json.clocks?.[0].due]).toEqual([200, seen.clocks[0].due]);
    await eventStore.start();
    const back = await window.post('talents', talent, { headers });
    expect(back.status).toBe(201);
  }, 60_000);

  it('says that the database is away', async () => {
    const window = await api.as('window');
    await endWorker();
    await database.drop();
    for (const reply of [await window.get('queue'), await window.post('talents', someTalent())])
      expect([reply.status, reply.json.code]).toEqual([503, 'database-unavailable']);
    expect(api.lines.filter((line) => line.startsWith('fault '))).toEqual([]);
  }, 60_000);
});
