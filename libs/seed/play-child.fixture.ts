import { HuicaiSystem } from '@huicai/composition';
import { seedYear, YearClock } from './index.js';

/** Plays a year in a process of its own, telling of every step, until it is killed. */
async function main([databaseUrl, eventStoreUrl, kekFile, seed, anchor, scale]: string[]): Promise<void> {
  const clock = new YearClock();
  const settings = { databaseUrl: databaseUrl!, eventStoreUrl: eventStoreUrl!, kekFile: kekFile! };
  const system = await HuicaiSystem.open({ ...settings, clock, attempt: () => 'seed' });
  await seedYear({
    system,
    clock,
    seed: Number(seed),
    anchor: anchor!,
    scale: Number(scale),
    onStep: (done) => process.send?.(done),
  });
  await system.close();
}

void main(process.argv.slice(2));
