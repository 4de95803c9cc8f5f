import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HuicaiSystem, loadReferenceData, ProvincialFile, runWorker } from '@huicai/composition';
import { ConnectionStringError } from '@huicai/event-store';
import { RebuildNeededError } from '@huicai/projections';
import { type Connections, resolveConnections, superviseMe } from '@huicai/runtime';
import { seedInProgress } from '@huicai/seed';
import { Observation } from './observation.js';

const ended = new AbortController();
let finished: Promise<unknown> = Promise.resolve();
const log = (line: string): void => {
  process.stdout.write(`worker: ${line}\n`);
};

const observed = new Observation(log);

const me = superviseMe(async () => {
  ended.abort();
  await finished;
});

/** Keeps the read models and fires the timers; tries again for ever while a server is away. */
async function work(): Promise<void> {
  const connections = resolveConnections(process.env);
  const { signal } = ended;
  const server = await observed.serve(process.env);
  try {
    await keepWorking(connections, signal);
  } finally {
    await server?.close();
  }
}

async function keepWorking(connections: Connections, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    let system: HuicaiSystem | undefined;
    try {
      system = await HuicaiSystem.open({ ...connections, observer: observed.observer });
      observed.system = system;
      await loadReferenceData(system);
      const { store } = system;
      me.ready();
      await runWorker({
        system,
        databaseUrl: connections.databaseUrl,
        signal,
        log,
        timersHeld: () => seedInProgress(store),
        observer: observed.work,
        province: new ProvincialFile(join(connections.dataDir, 'ratings', 'outgoing.ndjson')),
        onLeading: () => {
          failures = 0;
        },
      });
    } catch (error) {
      if (error instanceof RebuildNeededError || error instanceof ConnectionStringError) throw error;
      log(`starts again: ${(error as Error).message}`);
    } finally {
      observed.system = undefined;
      await system?.close();
    }
    if (!signal.aborted) await delay(Math.min(5_000, 200 * 2 ** failures), undefined, { signal }).catch(() => undefined);
  }
}

finished = work();
finished.catch((error: unknown) => {
  process.stderr.write(`worker: ${(error as Error).message}\n`);
  process.exit(1);
});
