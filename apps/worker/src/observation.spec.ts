import { once } from 'node:events';
import { join } from 'node:path';
import { writeRuntime } from '@huicai/runtime';
import { forkSource } from '../../../test/support/processes.js';
import { startTestSystem, type TestSystem } from '../../../test/support/system.js';
import { until } from '../../../test/support/until.js';

describe('the worker as a process', () => {
  let t: TestSystem;
  beforeAll(async () => {
    t = await startTestSystem();
  }, 60_000);
  afterAll(() => t?.stop());

  function start(env: NodeJS.ProcessEnv) {
    const runtime = join(t.directory, 'runtime.json');
    const nowhere = { databasePort: 0, eventStorePort: 0, apiUrl: '', token: 'none', startedAt: '' };
    writeRuntime(runtime, { ...nowhere, databaseUrl: t.databaseUrl, eventStoreUrl: t.eventStoreUrl, pid: process.pid });
    const child = forkSource(join(__dirname, 'main.ts'), [], {
      HUICAI_DATA_DIR: t.directory,
      HUICAI_RUNTIME: runtime,
      HUICAI_KEK_FILE: t.kekFile,
      ...env,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (output += part.toString()));
    return { child, output: () => output };
  }

  it('shows metrics and readiness on the port it announces, and ends in good order', async () => {
    const { child, output } = start({ HUICAI_WORKER_METRICS_PORT: '0' });
    const ended = once(child, 'exit');
    try {
      const url = await until('the address', () => /metrics on (http:\/\/127\.0\.0\.1:\d+)\/metrics/.exec(output())?.[1]);
      const ready = await until('readiness', async () => {
        const response = await fetch(`${url}/health/ready`);
        return response.status === 200 && response.json();
      });
      expect(ready).toEqual({ status: 'ready', checks: { database: 'ok', eventStore: 'ok' } });
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain('\nhuicai_eventstore_connected 1\n');
      expect(text).toMatch(/\nprocess_resident_memory_bytes \d+\n/);
      const shown = await until('the lead and what was fed', async () => {
        const now = await (await fetch(`${url}/metrics`)).text();
        return /^huicai_leader 1$/m.test(now) && /^huicai_projection_lag_seconds\{projection="history"\} \d/m.test(now) && now;
      });
      expect(shown).toMatch(/^huicai_projection_events_total\{projection="history"\} [1-9]\d*$/m);
      expect(shown).toMatch(/^huicai_projection_batch_seconds_count [1-9]\d*$/m);
      expect(shown).toMatch(/^huicai_projection_failed\{projection="history"\} 0$/m);
      expect(shown).toMatch(/^huicai_dead_letters\{projection="history"\} 0$/m);
      const reaction = 'reaction="supervise-case-on-dissatisfied-callback"';
      expect(shown).toContain(`\nhuicai_reaction_events{${reaction},state="parked"} 0\n`);
      expect(shown).toContain(`\nhuicai_reaction_state{${reaction},state="running"} 1\n`);
      expect(shown).toMatch(/^huicai_timers_due 0$/m);
      expect(shown).toMatch(/^huicai_timers_failing 0$/m);
      expect(shown).toMatch(/^huicai_timers_lag_seconds 0$/m);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  }, 60_000);

  it('serves nothing unless it is told to', async () => {
    const { child, output } = start({});
    const ended = once(child, 'exit');
    try {
      await until('the lead', () => /worker: leading with/.test(output()));
      expect(output()).not.toContain('metrics on');
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  }, 60_000);

  it.each(['70000', 'x', '-1'])(
    'says so and ends when the port is %s',
    async (port) => {
      const { child, output } = start({ HUICAI_WORKER_METRICS_PORT: port });
      expect(await once(child, 'exit')).toEqual([1, null]);
      await until('the reason', () =>
        output().includes(`HUICAI_WORKER_METRICS_PORT must be a whole number from 0 to 65535, not "${port}"`),
      );
    },
    60_000,
  );
});
