import { setTimeout as delay } from 'node:timers/promises';
import { HuicaiSystem, loadReferenceData, runWorker } from '@huicai/composition';
import { RebuildNeededError } from '@huicai/projections';
import { resolveConnections, superviseMe } from '@huicai/runtime';
import { seedInProgress } from '@huicai/seed';

const ended = new AbortController();
let finished: Promise<unknown> = Promise.resolve();
const log = (line: string): void => {
  process.stdout.write(`worker: ${line}\n`);
};

const me = superviseMe(async () => {
  ended.abort();
  await finished;
});

/** Keeps the read models and fires the timers; tries again for ever while a server is away. */
async function work(): Promise<void> {
  const connections = resolveConnections(process.env);
  const { signal } = ended;
  for (let failures = 0; !signal.aborted; failures++) {
    let system: HuicaiSystem | undefined;
    try {
      system = await HuicaiSystem.open(connections);
      await loadReferenceData(system);
      const { store } = system;
      me.ready();
      await runWorker({
        system,
        databaseUrl: connections.databaseUrl,
        signal,
        log,
        timersHeld: () => seedInProgress(store),
        onLeading: () => {
          failures = 0;
        },
      });
    } catch (error) {
      if (error instanceof RebuildNeededError) throw error;
      log(`starts again: ${(error as Error).message}`);
    } finally {
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
