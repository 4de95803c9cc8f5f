import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendants, sourceEnvironment } from '../../test/support/processes.js';
import { until } from '../../test/support/until.js';
import { type ChildSpec, isRunning, runChildOnce, type Service, stopInOrder, supervise, superviseChild } from './index.js';

const quick = { firstMs: 1, maxMs: 4, resetAfterMs: 60_000 };
const graceMs = 3_000;

let dir: string;
let lines: string[];
let services: Service[];
const report = (line: string): void => void lines.push(line.replace(/process \d+/, 'process'));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-supervise-spec-'));
  lines = [];
  services = [];
});

afterEach(async () => {
  await stopInOrder(services, graceMs);
  expect(descendants(process.pid).filter((pid) => pids.includes(pid))).toEqual([]);
  pids.length = 0;
  rmSync(dir, { recursive: true, force: true });
});

const pids: number[] = [];

/** A child that runs the given lines; `n` counts its starts, `ready()` and `stay()` do what they say. */
function child(name: string, body: string, more: Partial<ChildSpec> = {}): Service {
  const module = join(dir, `${name}.cjs`);
  const count = join(dir, `${name}.count`);
  writeFileSync(
    module,
    `const fs = require('node:fs');
     fs.appendFileSync(${JSON.stringify(count)}, 'x');
     const n = fs.readFileSync(${JSON.stringify(count)}, 'utf8').length;
     const ready = () => process.send({ type: 'ready', n, pid: process.pid, args: process.argv.slice(2) });
     const stay = () => setInterval(() => {}, 1000);
     ${body}`,
  );
  const onReady: ChildSpec['onReady'] = (message) => void pids.push(message.pid as number);
  const service = superviseChild({ name, module, report, backOff: quick, onReady, ...more });
  services.push(service);
  return service;
}

const dies = "process.on('disconnect', () => process.exit(0));";

describe('a supervised child', () => {
  it('is ready when it says so, and ends when its channel closes', async () => {
    const service = child('a', `${dies} process.send('something else'); ready();`);
    await service.ready;
    expect(isRunning(pids[0]!)).toBe(true);
    await service.stop(graceMs);
    await service.stop(graceMs);
    expect(isRunning(pids[0]!)).toBe(false);
    expect(lines).toEqual(['a: ready (process)', 'a: stopped']);
  });

  it('is started anew when it exits or is killed, after waiting times that double up to a limit', async () => {
    let args: string[] = [];
    child('a', `${dies} ready(); if (n < 5) process.exit(n); stay();`, { args: () => (args = [...args, 'again']) });
    await until('the fifth start', () => pids.length === 5);
    process.kill(pids[4]!, 'SIGKILL');
    await until('the sixth start', () => pids.length === 6);
    expect(lines).toEqual([
      'a: ready (process)',
      'a: exited with code 1; restarting in 0.001 s',
      'a: ready (process)',
      'a: exited with code 2; restarting in 0.002 s',
      'a: ready (process)',
      'a: exited with code 3; restarting in 0.004 s',
      'a: ready (process)',
      'a: exited with code 4; restarting in 0.004 s',
      'a: ready (process)',
      'a: was ended by SIGKILL; restarting in 0.004 s',
      'a: ready (process)',
    ]);
    expect(args).toHaveLength(6);
  });

  it('that lived long enough begins again with the shortest waiting time', async () => {
    child('a', `${dies} ready(); if (n < 4) process.exit(1); stay();`, { backOff: { ...quick, resetAfterMs: 0 } });
    await until('the fourth start', () => pids.length === 4);
    expect(lines.filter((line) => line.includes('restarting')).map((line) => line.slice(-7))).toEqual(Array(3).fill('0.001 s'));
  });

  it('that never becomes ready is given up, and why is told', async () => {
    await expect(child('a', 'process.exit(3);', { firstStartAttempts: 3 }).ready).rejects.toThrow(
      'a did not start: exited with code 3',
    );
    expect(lines).toHaveLength(2);
    const slow = child('b', 'stay();', { readyTimeoutMs: 10, firstStartAttempts: 1 });
    await expect(slow.ready).rejects.toThrow('b did not start: was not ready after 0.01 s');
  });

  it('that does not listen is killed when the grace time is over', async () => {
    const service = child('a', "process.on('SIGTERM', () => {}); process.on('disconnect', () => {}); ready(); stay();");
    await service.ready;
    await service.stop(90);
    expect(isRunning(pids[0]!)).toBe(false);
  });

  it('can be stopped while it starts and while it waits', async () => {
    const starting = child('a', `${dies} stay();`);
    const waiting = child('b', 'process.exit(1);', { backOff: { firstMs: 60_000, maxMs: 60_000, resetAfterMs: 1 } });
    await until('the first end', () => lines.length === 1);
    await stopInOrder([starting, waiting], graceMs);
    await expect(starting.ready).rejects.toThrow('a was stopped before it was ready');
    await expect(waiting.ready).rejects.toThrow('b was stopped before it was ready');
    expect(lines).toEqual(['b: did not start: exited with code 1; restarting in 60 s']);
  });
});

it('services stop one after the other', async () => {
  const names = ['c', 'a', 'b'];
  const all = names.map((name) => child(name, `${dies} ready();`));
  await Promise.all(all.map((service) => service.ready));
  await stopInOrder(all, graceMs);
  expect(lines.slice(3)).toEqual(['c: stopped', 'a: stopped', 'b: stopped']);
});

it('a run that becomes ready just after the stop is ended too', async () => {
  let finishStart = (): void => undefined;
  const started = new Promise<void>((resolve) => (finishStart = resolve));
  const events: string[] = [];
  const service = supervise({
    name: 'late',
    report,
    async start() {
      await started;
      let end: (how: string) => void = () => undefined;
      const ended = new Promise<string>((resolve) => (end = resolve));
      const stop = async (): Promise<void> => {
        events.push('stopped');
        end('ended');
      };
      return { description: 'x', ended, stop };
    },
  });
  const stopped = service.stop(graceMs);
  finishStart();
  await stopped;
  expect(events).toEqual(['stopped']);
});

describe('a module run once', () => {
  const once = (body: string) => {
    const module = join(dir, 'once.cjs');
    writeFileSync(module, body);
    return runChildOnce({ name: 'once', module, args: () => ['7'], env: () => sourceEnvironment });
  };

  it('tells how it ended; its channel does not keep it', async () => {
    expect(await once('').outcome).toBeUndefined();
    expect(await once('process.exitCode = Number(process.argv[2]);').outcome).toBe('exited with code 7');
    expect(await once("process.kill(process.pid, 'SIGKILL');").outcome).toBe('was ended by SIGKILL');
  });

  it('can be stopped', async () => {
    const run = once('setInterval(() => {}, 1000);');
    await run.stop(graceMs);
    expect(await run.outcome).toBe('exited with code 1');
  });
});
