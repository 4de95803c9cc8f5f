import { HuicaiSystem } from '@huicai/composition';
import { seedYear, YearClock } from '@huicai/seed';
import { startTestSystem } from '../support/system.js';
it('full', async () => {
  const t = await startTestSystem();
  const clock = new YearClock();
  const system = await HuicaiSystem.open({ ...t, clock, attempt: () => 'seed' });
  const scale = Number(process.env.SCALE ?? '0.05');
  let at = Date.now();
  const r = await seedYear({ system, clock, scale, onStep: (d, n) => { if (d % 500 === 0) { console.log(d, n, Date.now() - at); at = Date.now(); } } });
  console.log(r, Date.now() - at);
  await system.close();
  await t.stop();
}, 300_000);
