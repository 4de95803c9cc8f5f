import { readFileSync } from 'node:fs';
import type { Result } from './measure.js';

/** Linux counts a process's time in hundredths of a second. */
const TICK_US = 10_000;

/** Processor time a process has taken so far, microseconds; undefined where the system does not tell. */
function processorTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return (user! + system!) * TICK_US;
  } catch {
    return undefined;
  }
}

/**
 * Takes a measure together with the processor time that server and client spent on each of its `count` units. Unlike a rate it says
 * much the same on a machine that others use too.
 */
export async function withProcessorTime(server: number, count: number, measure: () => Promise<Result>): Promise<Result> {
  const [serverBefore, clientBefore] = [processorTime(server), process.cpuUsage()];
  const result = await measure();
  const client = process.cpuUsage(clientBefore);
  const serverAfter = processorTime(server);
  const each = (us: number) => Math.round(us / count);
  return {
    ...result,
    ...(serverBefore === undefined || serverAfter === undefined ? {} : { serverUs: each(serverAfter - serverBefore) }),
    clientUs: each(client.user + client.system),
  };
}
