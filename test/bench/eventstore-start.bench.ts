import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { bulkLoad } from '../../libs/embedded-eventstore/storage/bulk-load.fixture.js';
import { EventLog } from '../../libs/embedded-eventstore/storage/event-log.js';
import { medians, type Result, round } from './support/measure.js';
import { printReport } from './support/report.js';

const ROUNDS = 5;
const LOAD = { events: 1_000_000, streams: 200_000, bytes: 500 };
const NANOSECONDS = 1e6;

/** The start of an event store of a million events, whose server was killed before. */
async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-bench-'));
  try {
    await bulkLoad({ dir, ...LOAD });
    const results = await medians(ROUNDS, [
      () => startProcess(dir).then(({ ready }) => ready),
      () => startProcess(dir).then(({ memory }) => memory),
      () => openLog(dir).then(({ open }) => open),
      () => openLog(dir).then(({ block }) => block),
    ]);
    const load = `${LOAD.events} events of about 650 bytes in ${LOAD.streams} streams, median of ${ROUNDS} rounds taken in turn`;
    printReport({ bench: 'eventstore-start', load, results, ratios: {} }, process.argv.includes('--json'));
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** From fork to ready; and what it then holds in memory besides the pages of the file, which it can give back. */
async function startProcess(dir: string): Promise<{ ready: Result; memory: Result }> {
  const from = performance.now();
  const child = fork(resolve('dist/apps/eventstore/src/main.js'), ['--dir', dir, '--port', '0']);
  await once(child, 'message');
  const took = round(performance.now() - from);
  const kibibytes = Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return {
    ready: { name: 'process start to ready', value: took, unit: 'ms' },
    memory: { name: 'private memory when ready', value: round(kibibytes / 1024), unit: 'MiB' },
  };
}

async function openLog(dir: string): Promise<{ open: Result; block: Result }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const from = performance.now();
  const log = await EventLog.open(dir, { onFatal: (cause) => process.emitWarning(cause) });
  const took = round(performance.now() - from);
  delay.disable();
  await log.close();
  return {
    open: { name: 'opening the log alone', value: took, unit: 'ms' },
    block: { name: 'longest block of the event loop', value: round(delay.max / NANOSECONDS), unit: 'ms' },
  };
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
});
