import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { until } from '../../test/support/until.js';
import { inspectProcess, isRunning, type ProcessSource, runsWithArgument } from './process-table.js';

const sources: ProcessSource[] = existsSync('/proc/self/stat') ? ['proc', 'ps'] : ['ps'];

describe.each(sources)('facts about processes from %s', (source) => {
  let child: ChildProcess;

  beforeEach(async () => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '-D', '/some where/data'], { stdio: 'ignore' });
    await until('the start of a process', () => runsWithArgument(child.pid!, '-D', '/some where/data', source));
  });

  afterEach(async () => {
    child.kill('SIGKILL');
    await until('the end of a process', () => child.signalCode !== null || child.exitCode !== null);
  });

  it('tell a running one by its start', () => {
    expect(inspectProcess(child.pid!, source)).toEqual({ startedAt: expect.stringMatching(/./), zombie: false });
    expect(inspectProcess(child.pid!)).toEqual(inspectProcess(child.pid!));
    expect(inspectProcess(child.pid!)).not.toEqual(inspectProcess(process.pid));
    expect(isRunning(child.pid!, source)).toBe(true);
  });

  it('find an argument only whole and only in its place', () => {
    expect(runsWithArgument(child.pid!, '-D', '/some where', source)).toBe(false);
    expect(runsWithArgument(child.pid!, '-D', '/some where/dat', source)).toBe(false);
    expect(runsWithArgument(child.pid!, '-E', '/some where/data', source)).toBe(false);
    expect(runsWithArgument(process.pid, '-D', '/some where/data', source)).toBe(false);
  });

  it('tell that one has ended', async () => {
    child.kill('SIGKILL');
    await until('the end of a process', () => child.signalCode);
    expect(inspectProcess(child.pid!, source)).toBeUndefined();
    expect(isRunning(child.pid!, source)).toBe(false);
  });

  it('know a dead one that its parent has not collected', async () => {
    // The shell becomes a sleep, which never waits for the child it inherits; that one ends when its input does.
    const script = 'cat <&3 >/dev/null & echo $!; exec 3<&-; exec sleep 60';
    const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
    try {
      const pid = await new Promise<number>((resolve) => parent.stdout!.once('data', (text: Buffer) => resolve(Number(text))));
      await until('the sleep', () => runsWithArgument(parent.pid!, 'sleep', '60', source));
      expect(isRunning(pid, source)).toBe(true);
      (parent.stdio[3] as Writable).end();
      await until('a zombie', () => inspectProcess(pid, source)?.zombie);
      expect(isRunning(pid, source)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it.each([0, -1, 1.5, Number.NaN])('%p is no process', (pid) => {
    expect(isRunning(pid, source)).toBe(false);
  });
});
