import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { END, EventStoreDBClient, type JSONEventData, jsonEvent, START, streamNameFilter } from '@eventstore/db-client';
import { Client, credentials } from '@grpc/grpc-js';
import { connectEventStore } from '@huicai/event-store';
import { open } from 'lmdb';
import { ECHO } from './support/echo.js';
import { medians, quantiles, type Result, rate, round } from './support/measure.js';
import { withProcessorTime } from './support/processor.js';
import { printReport } from './support/report.js';

const ROUNDS = 5;
/** Events that are there before anything is measured, and that each reading measure reads. */
const LOADED = 50_000;
const BODY = { text: '基准'.repeat(60), at: '2026-09-30T02:00:00.000Z', n: 1 };
const METADATA = { actor: { id: 'user-1', role: 'window' }, note: 'x'.repeat(150) };

/** The event store through its client, beside what it stands on: LMDB commits with fsync and gRPC calls that do nothing. */
async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-bench-'));
  const server = await child(resolve('dist/apps/eventstore/src/main.js'), ['--dir', join(dir, 'store'), '--port', '0']);
  const echo = await child(join(__dirname, 'support/echo-server.js'), []);
  const url = `esdb://127.0.0.1:${server.port}?tls=false`;
  const client = EventStoreDBClient.connectionString(url);
  const adapter = connectEventStore(url);
  const caller = new Client(`127.0.0.1:${echo.port}`, credentials.createInsecure());
  const bare = open<Buffer, number>({ path: join(dir, 'bare'), overlappingSync: false, encoding: 'binary' });
  try {
    for (let n = 0; n < LOADED; n += 100) await client.appendToStream(`bench-load-${n / 100}`, events(100));
    let key = 0;
    const record = Buffer.alloc(700, 'x');
    const commit = (size: number) => () => Promise.all(Array.from({ length: size }, () => bare.put(key++, record)));
    const echoed = () =>
      new Promise((done, failed) => {
        const { path, requestSerialize, responseDeserialize } = ECHO;
        caller.makeUnaryRequest(path, requestSerialize, responseDeserialize, record, (error, answer) =>
          error ? failed(error) : done(answer),
        );
      });
    const batch = () => client.appendToStream(`bench-${randomUUID()}`, events(1));
    const unary = () =>
      adapter.append(`bench-${randomUUID()}`, 'no_stream', [{ id: randomUUID(), type: 'Bench', data: BODY, metadata: METADATA }]);
    const hundred = () => client.appendToStream(`bench-${randomUUID()}`, events(100));
    const short = (i: number) => drain(client.readStream(`bench-load-${i % (LOADED / 100)}`, { maxCount: 20 }));
    /** A rate with the processor time of every event: `work` handles `size` of them. */
    const costed =
      (name: string, count: number, lanes: number, work: (i: number) => Promise<unknown>, size = 1) =>
      () =>
        withProcessorTime(server.pid, count * size, async () => perEvent(size, await rate(name, count, lanes, work)));
    const read = (name: string, work: () => Promise<number>) => () =>
      withProcessorTime(server.pid, LOADED, () => eventsPerSecond(name, work));
    const results = await medians(ROUNDS, [
      () => rate('LMDB commit of 1 record', 600, 1, commit(1)),
      () => rate('LMDB commit of 16 records', 600, 1, commit(16)),
      () => rate('gRPC echo, 1 in flight', 1_000, 1, echoed),
      () => rate('gRPC echo, 16 in flight', 4_000, 16, echoed),
      costed('append, batch path, 1 in flight', 600, 1, batch),
      costed('append, batch path, 16 in flight', 4_000, 16, batch),
      costed('append, batch path, 64 in flight', 6_000, 64, batch),
      costed('append, adapter, 1 in flight', 600, 1, unary),
      costed('append, adapter, 16 in flight', 3_000, 16, unary),
      costed('append, adapter, 64 in flight', 4_000, 64, unary),
      costed('append of 100, 1 in flight', 100, 1, hundred, 100),
      costed('append of 100, 4 in flight', 200, 4, hundred, 100),
      costed('read of 20 events, 1 in flight', 300, 1, short),
      read('read $all', () => drain(client.readAll({ maxCount: LOADED }))),
      read('catch-up on $all', () => catchUp(client.subscribeToAll({ fromPosition: START }))),
      read('catch-up, filter takes all', () => catchUp(filtered(client, 'bench-'))),
      () => scan(client),
      () => latency(client),
    ]);
    const of = (name: string) => results.find((result) => result.name === name)!.value;
    printReport(
      {
        bench: 'eventstore',
        load: `events of ~600 bytes, ${LOADED} loaded before, server in a process of its own, median of ${ROUNDS} rounds taken in turn`,
        results,
        ratios: Object.fromEntries([
          ...[
            ['LMDB commit of 1 record', 'append, batch path, 1 in flight'],
            ['gRPC echo, 1 in flight', 'append, batch path, 1 in flight'],
            ['gRPC echo, 16 in flight', 'append, batch path, 16 in flight'],
            ['gRPC echo, 16 in flight', 'append, adapter, 16 in flight'],
            ['append, batch path, 16 in flight', 'append, adapter, 16 in flight'],
            ['append, batch path, 64 in flight', 'append, adapter, 64 in flight'],
          ].map(([a, b]) => [`${a} ÷ ${b}`, round(of(a!) / of(b!))]),
          // The client is the same everywhere: measured in its processor time, a server compares across machines.
          ...results
            .filter(({ serverUs, clientUs }) => serverUs && clientUs)
            .map(({ name, serverUs, clientUs }) => [`server µs ÷ client µs, ${name}`, round(serverUs! / clientUs!)]),
        ]),
      },
      process.argv.includes('--json'),
    );
  } finally {
    caller.close();
    await Promise.allSettled([client.dispose(), adapter.close(), bare.close()]);
    await Promise.all([server.stop(), echo.stop()]);
    await rm(dir, { recursive: true, force: true });
  }
}

const events = (count: number): JSONEventData[] =>
  Array.from({ length: count }, () => jsonEvent({ type: 'Bench', data: BODY, metadata: METADATA }));

const perEvent = (size: number, result: Result): Result =>
  size === 1 ? result : { ...result, value: round(result.value * size), unit: 'ev/s' };

async function eventsPerSecond(name: string, work: () => Promise<number>): Promise<Result> {
  const from = performance.now();
  const count = await work();
  return { name, value: round((count / (performance.now() - from)) * 1_000), unit: 'ev/s' };
}

async function drain(reading: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of reading) count++;
  return count;
}

const filtered = (client: EventStoreDBClient, prefix: string) =>
  client.subscribeToAll({ fromPosition: START, filter: streamNameFilter({ prefixes: [prefix] }) });

/** The first events of a subscription, as many as were loaded. */
async function catchUp(subscription: ReturnType<EventStoreDBClient['subscribeToAll']>): Promise<number> {
  let count = 0;
  for await (const _ of subscription) if (++count >= LOADED) break;
  await subscription.unsubscribe();
  return count;
}

/** A filter that takes nothing: how fast the server looks at events it does not send. */
async function scan(client: EventStoreDBClient): Promise<Result> {
  let total = 0n;
  for await (const { event } of client.readAll({ direction: 'backwards', fromPosition: END, maxCount: 1 }))
    total = event!.position!.commit;
  const from = performance.now();
  const subscription = filtered(client, 'nothing-is-called-so');
  await new Promise((done, failed) => {
    subscription.on('caughtUp', done);
    subscription.on('error', failed);
    subscription.resume();
  });
  const seconds = (performance.now() - from) / 1_000;
  await subscription.unsubscribe();
  return { name: 'catch-up, filter takes none', value: round(Number(total) / 1_048_576 / seconds), unit: 'MiB/s' };
}

/** From the call of an append to its event in the hands of a live subscriber. */
async function latency(client: EventStoreDBClient): Promise<Result> {
  const subscription = client.subscribeToAll({ fromPosition: END });
  await new Promise((done) => subscription.on('confirmation', done));
  const took: number[] = [];
  const reader = subscription[Symbol.asyncIterator]();
  for (let i = 0; i < 300; i++) {
    const from = performance.now();
    const [{ value }] = await Promise.all([reader.next(), client.appendToStream(`bench-${randomUUID()}`, events(1))]);
    if (!value) throw new Error('The subscription ended');
    took.push(performance.now() - from);
  }
  await subscription.unsubscribe();
  const mean = took.reduce((sum, ms) => sum + ms, 0) / took.length;
  return { name: 'append until subscriber has it', value: round(1_000 / mean), unit: '/s', ...quantiles(took) };
}

async function child(module: string, args: string[]): Promise<{ port: number; pid: number; stop(): Promise<void> }> {
  const process: ChildProcess = fork(module, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = new Promise<void>((done) => process.once('exit', () => done()));
  const port = await new Promise<number>((done, failed) => {
    process.once('message', (message) => done((message as { port: number }).port));
    process.once('exit', () => failed(new Error(`${module} did not start`)));
  });
  return {
    port,
    pid: process.pid!,
    stop: () => {
      process.disconnect();
      return ended;
    },
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
