import { loadavg } from 'node:os';
import { type Result, round } from './measure.js';
import type { Void } from './rounds.js';

/** What a bench found, as every bench reports it. */
export interface Report {
  readonly bench: string;
  /** What was done, in words and numbers. */
  readonly load: string;
  readonly results: readonly (Result | Void)[];
  /** Void when one of the two figures is. */
  readonly ratios: Readonly<Record<string, number | 'void'>>;
}

/** Prints a table for people and, when asked, one line of JSON last. */
export function printReport(report: Report, json: boolean): void {
  const loadAverage = loadavg().map(round);
  const cell = (value: number | undefined) => (value === undefined ? '' : String(value)).padStart(10);
  const line = (result: Result | Void) => {
    if ('void' in result) return `${result.name.padEnd(34)}${'void'.padStart(10)} ${result.void}`;
    const { name, value, unit, p50, p95, p99, serverUs, clientUs } = result;
    return `${name.padEnd(34)}${cell(value)} ${unit.padEnd(5)} ${[p50, p95, p99, serverUs, clientUs].map(cell).join('')}`.trimEnd();
  };
  const lines = [
    `${report.bench}: ${report.load}`,
    `load average ${loadAverage.join(' ')}`,
    '',
    `${''.padEnd(34)}${'value'.padStart(10)} unit  ${['p50 ms', 'p95 ms', 'p99 ms', 'server µs', 'client µs'].map((head) => head.padStart(10)).join('')}`,
    ...report.results.map(line),
    '',
    ...Object.entries(report.ratios).map(([name, value]) => `${name.padEnd(60)} ${value}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ ...report, loadAverage })}\n`);
}
