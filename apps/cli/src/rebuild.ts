import { allProjections, HuicaiSystem } from '@huicai/composition';
import { LiveProjection } from '@huicai/projections';
import { resolveConnections } from '@huicai/runtime';

/**
 * Empties a read model. The worker that leads finds its checkpoint moved, steps back and folds the log again from the start.
 *
 * @throws Error when there is no such projection
 */
export async function rebuildCommand(name: string): Promise<void> {
  const found = [...allProjections].find(([projection]) => projection.name === name);
  if (!found)
    throw new Error(`No projection is called ${name}; there are ${[...allProjections.keys()].map((p) => p.name).join(', ')}`);
  const system = await HuicaiSystem.open(resolveConnections(process.env));
  try {
    await new LiveProjection(...found).create(system.pool, system.storeId);
    process.stdout.write(`${name} was emptied; the worker fills it again from the log.\n`);
  } finally {
    await system.close();
  }
}
