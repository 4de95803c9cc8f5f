import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HuicaiSystem, loadReferenceData, ProvincialFile, runWorker } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { startEmbeddedEventStore } from '@huicai/embedded-eventstore';
import type { Clock } from '@huicai/kernel';
import { createTestDatabase } from './database.js';

/** A whole system inside the test's process, on a database and an event store of its own. */
export interface TestSystem {
  readonly system: HuicaiSystem;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly kekFile: string;
  readonly directory: string;
  startWorker(): { stop(): Promise<void> };
  stop(): Promise<void>;
}

/** @param load puts into the empty store what the office starts with */
export async function startTestSystem(
  clock?: Clock,
  load: (system: HuicaiSystem) => Promise<unknown> = loadReferenceData,
): Promise<TestSystem> {
  const directory = await mkdtemp(join(tmpdir(), 'huicai-test-'));
  const kekFile = join(directory, 'kek');
  await writeFile(kekFile, randomBytes(32), { mode: 0o600 });
  const database = await createTestDatabase();
  await migrate(database.url);
  const eventStore = await startEmbeddedEventStore({ dir: join(directory, 'eventstore') });
  const system = await HuicaiSystem.open({
    databaseUrl: database.url,
    eventStoreUrl: eventStore.connectionString,
    kekFile,
    ...(clock ? { clock } : {}),
  });
  await load(system);
  const workers = new Set<() => Promise<void>>();
  return {
    system,
    databaseUrl: database.url,
    eventStoreUrl: eventStore.connectionString,
    kekFile,
    directory,
    startWorker() {
      const ended = new AbortController();
      const province = new ProvincialFile(join(directory, 'ratings.ndjson'));
      const running = runWorker({ system, databaseUrl: database.url, signal: ended.signal, log: () => undefined, province });
      const stop = async () => {
        workers.delete(stop);
        ended.abort();
        await running;
      };
      workers.add(stop);
      return { stop };
    },
    async stop() {
      for (const stop of workers) await stop();
      await system.close();
      await eventStore.stop();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
