import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HuicaiSystem, loadReferenceData, runWorker } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { AccessLog, LocalIssuer, Users } from '@huicai/identity';
import { Metrics, observeEventStore } from '@huicai/metrics';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createTestDatabase } from '../../../../test/support/database.js';
import { createTestEventStore, type TestEventStore } from '../../../../test/support/event-store.js';
import { until } from '../../../../test/support/until.js';
import { createApi } from '../api.js';
import { Parts } from '../parts.js';

describe('the readiness of the whole API', () => {
  const password = 's3cret word';
  const lines: string[] = [];
  const requests: string[] = [];
  const ends: (() => Promise<unknown>)[] = [];
  let eventStore: TestEventStore;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'huicai-readiness-'));
    ends.push(() => rm(directory, { recursive: true, force: true }));
    const kekFile = join(directory, 'kek');
    await writeFile(kekFile, randomBytes(32), { mode: 0o600 });
    const database = await createTestDatabase();
    ends.push(() => database.drop());
    eventStore = await createTestEventStore({}, { tls: true, login: 'operator', password });
    ends.push(() => eventStore.close());
    await migrate(database.url);
    const metrics = new Metrics();
    const observer = observeEventStore(metrics, (line) => void lines.push(line));
    const urls = { databaseUrl: database.url, eventStoreUrl: eventStore.connectionString };
    const system = await HuicaiSystem.open({ ...urls, kekFile, observer });
    ends.push(() => system.close());
    await loadReferenceData(system);
    const stopped = new AbortController();
    const working = runWorker({ system, databaseUrl: database.url, signal: stopped.signal, log: () => undefined });
    ends.push(async () => {
      stopped.abort();
      await working;
    });
    const issuer = await LocalIssuer.open(system.vault);
    const local = { issuer, users: new Users(system.dataSource, system.vault) };
    const log = (line: string) => void requests.push(line);
    app = await createApi(new Parts(system, issuer, new AccessLog(system.dataSource), local, log, undefined, metrics));
    ends.push(() => app.close());
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  }, 30_000);

  const get = async (url: string) => app.inject({ method: 'GET', url });
  const readyIs = (status: number) =>
    until(`readiness ${status}`, async () => {
      const response = await get('/health/ready');
      return response.statusCode === status && response.json();
    });

  it('turns red when the event store is away and green when it is back, and log and metrics tell it once', async () => {
    await readyIs(200);
    expect((await get('/metrics')).body).toContain('\nhuicai_eventstore_connected 1\n');
    // A machine that stands still for a while may lose the store once more by itself: then that is told, once, as well.
    const told = (body: string) => Number(/\nhuicai_eventstore_reconnects_total (\d+)\n/.exec(body)?.[1]);
    for (const turn of [1, 2]) {
      await eventStore.stop();
      const sick = (await readyIs(503)) as { status: string; checks: Record<string, string> };
      expect(sick).toMatchObject({ status: 'not-ready', checks: { database: 'ok', eventStore: 'unavailable' } });
      const red = (await get('/metrics')).body;
      expect(red).toContain('\nhuicai_eventstore_connected 0\n');
      expect(red).toMatch(/\nhuicai_eventstore_read_failures_total [1-9]\d*\n/);
      await eventStore.start();
      await readyIs(200);
      // The subscription of the worker comes back in its own time, and with it the connection.
      await until('the connection', async () => (await get('/metrics')).body.includes('\nhuicai_eventstore_connected 1\n'));
      const back = told((await get('/metrics')).body);
      expect(back).toBeGreaterThanOrEqual(turn);
      expect(back).toBeGreaterThan(told(red));
      expect(lines.slice(0, 2 * back)).toEqual(
        Array.from({ length: back }, () => [
          expect.stringMatching(/^event store lost: .+; trying again until it is back$/),
          expect.stringMatching(/^event store back after \d+ s$/),
        ]).flat(),
      );
    }
  }, 60_000);

  it('and everything else that anyone may see shows no secret, no stream and no person', async () => {
    const { statusCode, headers, body } = await get('/metrics');
    expect([statusCode, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    const all = [body, ...lines, ...requests].join('\n');
    for (const secret of ['operator', password, encodeURIComponent(password), 'esdb:', 'store-identity', 'case-', 'talent-'])
      expect(all).not.toContain(secret);
    const labels = new Set([...body.matchAll(/([a-z_]+)="/g)].map(([, label]) => label));
    expect(labels).toEqual(new Set(['outcome', 'le', 'method', 'route', 'status']));
    // Templates of routes, never an id that was filled in.
    expect(body).not.toMatch(/route="[^"]*[0-9a-f]{8}-/);
  });
});
