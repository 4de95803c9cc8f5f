import { type ChildProcess, execFile, fork } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { HuicaiSystem } from '@huicai/composition';
import type { StoredEvent } from '@huicai/event-store';
import { Client } from 'pg';
import { type Expected, expectedOfEvents } from './case-log.js';
import type { Round } from './rounds.js';

/** Its dependencies do not go together with the system's, so it is installed apart, where no compiler, linter or test looks. */
const HOME = resolve('.tmp/rivals');
const SOURCES = resolve('test/bench/rivals');
const FILES = ['package.json', 'package-lock.json', 'emmett.mjs'];

const VIEWS = [
  ['service-queue.view.js', 'serviceQueue'],
  ['sla-cycles.view.js', 'slaCycles'],
].map(([file, name]) => [resolve('dist/libs/contexts/reporting/views', file!), name]);

/** Another system that rebuilds read models from events, in a process and a database of its own on the same PostgreSQL. */
export class Emmett {
  private runs = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly expected: Expected,
    private readonly events: number,
  ) {}

  /** Installs it when it is not there yet and gives it the events, one append after the other. */
  static async start(system: HuicaiSystem, databaseUrl: string, dir: string, events: readonly StoredEvent[]): Promise<Emmett> {
    await install();
    const url = await createDatabase(databaseUrl, 'emmett');
    const file = join(dir, 'emmett.ndjson');
    const lines = events.map(({ stream, type, data, metadata }) => JSON.stringify({ stream, type, data, metadata }));
    await writeFile(file, lines.join('\n'));
    const env = {
      ...process.env,
      DATABASE_URL: url,
      HUICAI_VIEWS: JSON.stringify(VIEWS),
      HUICAI_REFERENCE: JSON.stringify(await system.facts.time()),
    };
    const child = fork(join(HOME, 'emmett.mjs'), [], { env, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
    const emmett = new Emmett(child, expectedOfEvents(events), events.length);
    await emmett.ask({ seed: file });
    return emmett;
  }

  /** Events per second; void when what it made is not what the events tell. */
  async rebuild(): Promise<Round> {
    const { seconds, found } = await this.ask<Rebuilt>({ rebuild: `run${++this.runs}` });
    const faults = Object.entries(found).flatMap(([name, { folded, rows }]) => [
      ...(folded === this.events ? [] : [`${name}: ${folded} of ${this.events} events folded`]),
      ...this.differences(name, rows),
    ]);
    return faults.length > 0 ? { void: faults.join('; ') } : { value: this.events / seconds };
  }

  private differences(name: string, rows: Rebuilt['found'][string]['rows']): string[] {
    const { byStatus, cycles, submittedCycles } = this.expected;
    const told = (text: string, found: unknown, wanted: unknown) =>
      JSON.stringify(found) === JSON.stringify(wanted)
        ? []
        : [`${name}: ${text} ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
    if (name === 'sla_cycles') {
      const submitted = rows.filter((row) => row.submitted_at !== null).length;
      return told('cycles, submitted', [rows.length, submitted], [cycles, submittedCycles]);
    }
    const sorted = (counts: Readonly<Record<string, number>>) => Object.entries(counts).sort();
    const counts: Record<string, number> = {};
    for (const { status } of rows) counts[status!] = (counts[status!] ?? 0) + 1;
    return told('cases by status', sorted(counts), sorted(byStatus));
  }

  private ask<T>(message: object): Promise<T> {
    return new Promise((done, failed) => {
      const ended = () => failed(new Error('Emmett has ended'));
      this.child.once('exit', ended);
      this.child.once('message', (answer: { done?: T; error?: string }) => {
        this.child.off('exit', ended);
        if (answer.error === undefined) done(answer.done as T);
        else failed(new Error(answer.error));
      });
      this.child.send(message);
    });
  }

  stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    return new Promise((done) => {
      this.child.once('exit', () => done());
      this.child.kill('SIGKILL');
    });
  }
}

interface Rebuilt {
  readonly seconds: number;
  readonly found: Readonly<
    Record<string, { readonly folded: number; readonly rows: readonly { status?: string; submitted_at?: string | null }[] }>
  >;
}

async function install(): Promise<void> {
  await mkdir(HOME, { recursive: true });
  for (const file of FILES) await copyFile(join(SOURCES, file), join(HOME, file));
  process.stderr.write('Installing what is measured against (npm ci) …\n');
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--prefix', HOME]);
}

async function createDatabase(server: string, name: string): Promise<string> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
