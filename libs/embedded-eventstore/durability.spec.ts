import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { forkServer, SERVER_MAIN, type ServerProcess, startServerProcess, until } from './testing/server-process.js';

interface Acknowledged {
  stream: string;
  ids: string[];
  /** Of the last event. */
  revision: number;
  position: bigint;
}

const WRITERS = 12;
let dir: string;
let server: ServerProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'durability-'));
});
afterEach(async () => {
  server?.child.kill('SIGKILL');
  await server?.exited;
  await rm(dir, { recursive: true });
});

/** Appends of one to five events to its own stream until the server is gone; every acknowledgement is noted. */
async function writeUntilGone(
  client: EventStoreDBClient,
  stream: string,
  known: { attempts: string[][]; acknowledged: Acknowledged[] },
  unary: boolean,
  gone: Promise<unknown>,
): Promise<void> {
  // The client never settles an append begun just after its batch stream broke.
  const lost = gone.then(() => Promise.reject(new Error('the server is gone')));
  lost.catch(() => undefined);
  for (let n = 0; ; n++) {
    const ids = Array.from({ length: 1 + (n % 5) }, () => randomUUID() as string);
    known.attempts.push(ids);
    const batch = ids.map((id, index) =>
      jsonEvent({ id, type: 'Written', data: { of: ids.length, index, fill: 'x'.repeat(200) } }),
    );
    try {
      const credentials = unary ? { credentials: { username: 'a', password: 'b' } } : {};
      const append = client.appendToStream(stream, batch, credentials);
      const { nextExpectedRevision, position } = await Promise.race([append, lost]);
      known.acknowledged.push({ stream, ids, revision: Number(nextExpectedRevision), position: position!.commit });
    } catch {
      // The kill: what became of this append is unknown, and every later one would fail too.
      return;
    }
  }
}

interface Stored {
  id: string;
  revision: number;
  position: bigint;
  data: { of: number; index: number };
}

async function readStored(client: EventStoreDBClient): Promise<Map<string, Stored[]>> {
  const streams = new Map<string, Stored[]>();
  let last = -1n;
  for await (const { event } of client.readAll()) {
    if (event?.type !== 'Written') continue;
    const position = event.position!.commit;
    expect(position > last).toBe(true);
    last = position;
    const stored = { id: event.id, revision: Number(event.revision), position, data: event.data as Stored['data'] };
    streams.set(event.streamId, [...(streams.get(event.streamId) ?? []), stored]);
  }
  return streams;
}

test('after kill -9 under concurrent writers every acknowledged append is there, and none in part', async () => {
  const known = { attempts: [] as string[][], acknowledged: [] as Acknowledged[] };
  const streams = Array.from({ length: WRITERS }, (_, n) => `writer${n}-${randomUUID()}`);
  for (let round = 1; round <= 3; round++) {
    const before = known.acknowledged.length;
    server = await startServerProcess(['--dir', dir, '--port', '0']);
    const { exited } = server;
    // The batch path shares one table of pending appends per process, so only one client may use it.
    const client = server.client();
    const writers = streams.map((stream, n) => writeUntilGone(client, stream, known, n % 2 === 0, exited));
    // Every round is killed in full flight, each after more appends than the one before.
    const enough = 60 * round;
    await until(() => known.acknowledged.length - before >= enough);
    server.child.kill('SIGKILL');
    expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
    await Promise.all(writers);
    await client.dispose();

    server = await startServerProcess(['--dir', dir, '--port', '0']);
    const reader = server.client();
    const stored = await readStored(reader);
    for (const { stream, ids, revision, position } of known.acknowledged) {
      const found = stored.get(stream)!.slice(revision - ids.length + 1, revision + 1);
      expect(found.map(({ id }) => id)).toEqual(ids);
      expect(found.at(-1)?.position).toBe(position);
    }
    const attempted = new Set(known.attempts.flat());
    for (const events of stored.values()) {
      expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
      for (const event of events) expect(attempted.has(event.id)).toBe(true);
      // An append is its first event followed by all its others.
      for (let at = 0; at < events.length; at += events[at]!.data.of) {
        const append = events.slice(at, at + events[at]!.data.of);
        expect(append.map(({ data }) => data.index)).toEqual(Array.from({ length: events[at]!.data.of }, (_, index) => index));
      }
    }
    // Repeating what was acknowledged writes nothing new, even though the server was killed.
    const last = known.acknowledged.at(-1)!;
    const repeated = last.ids.map((id) => jsonEvent({ id, type: 'Written', data: {} }));
    const answer = await reader.appendToStream(last.stream, repeated, { credentials: { username: 'a', password: 'b' } });
    expect(answer.nextExpectedRevision).toBe(BigInt(last.revision));
    expect(answer.position?.commit).toBe(last.position);
    await reader.dispose();
    server.child.kill('SIGKILL');
    await server.exited;
  }
}, 60_000);

/** When each transaction was on its way to disk, in microseconds since the UNIX epoch. */
interface Flush {
  begun: number;
  done: number;
}

/**
 * What strace saw of the data file. A transaction is pages written, flushed, and then the head of the transaction, through a
 * descriptor that flushes by itself. One thread commits at a time, but not always the same.
 */
async function flushesIn(traces: string): Promise<{ data: Flush[]; head: Flush[] }> {
  const seen = { data: [] as Flush[], head: [] as Flush[] };
  for (const file of await readdir(traces)) {
    for (const line of (await readFile(join(traces, file), 'utf8')).split('\n')) {
      const call = /^(\d+)\.(\d{6}) (fdatasync|pwrite64)\((\d+).* = (-?\d+).*<(\d+)\.(\d{6})>$/.exec(line);
      if (!call) continue;
      const [, seconds, micros, name, , result, tookSeconds, tookMicros] = call;
      if (Number(result) < 0) throw new Error(line);
      const begun = Number(seconds) * 1e6 + Number(micros);
      const flush = { begun, done: begun + Number(tookSeconds) * 1e6 + Number(tookMicros) };
      if (name === 'fdatasync') seen.data.push(flush);
      // The heads are in the first two pages.
      else if (Number(/, (\d+)\) +=/.exec(line)?.[1]) < 8192) seen.head.push(flush);
    }
  }
  for (const flushes of [seen.data, seen.head]) flushes.sort((a, b) => a.begun - b.begun);
  return seen;
}

const hasStrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0;

// Where there is no strace, or a process may not be traced, the order rests on what LMDB's author says of `overlappingSync`.
if (hasStrace) {
  test('between an append and its acknowledgement the system has flushed data and then head to the disk', async () => {
    const traces = join(dir, 'traces');
    const data = join(dir, 'data');
    await mkdir(traces);
    const watched = ['-e', 'trace=fdatasync,pwrite64,pwritev', '-P', join(data, 'data.mdb')];
    const execArgv = ['-ff', '-ttt', '-T', '-o', join(traces, 'trace'), ...watched, process.execPath];
    server = await startServerProcess(['--dir', data, '--port', '0'], {}, { execPath: 'strace', execArgv });
    const client = server.client();
    const now = () => (performance.timeOrigin + performance.now()) * 1000;
    const calls: { sent: number; acknowledged: number }[] = [];
    const append = async (n: number) => {
      const sent = now();
      await client.appendToStream(`s${n % 5}`, jsonEvent({ type: 'T', data: { n } }), {
        credentials: { username: 'a', password: 'b' },
      });
      calls.push({ sent, acknowledged: now() });
    };
    for (let n = 0; n < 20; n++) await append(n);
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 24 }, (_, n) => append(n)));
    await client.dispose();
    server.child.disconnect();
    expect(await server.exited).toEqual({ code: 0, signal: null });

    const { data: flushes, head } = await flushesIn(traces);
    // The clocks agree, but a process reads its own a little before or after the call.
    const slack = 1000;
    for (const { sent, acknowledged } of calls) {
      const flushed = flushes.find(({ begun }) => begun >= sent - slack);
      const committed = flushed && head.find(({ begun }) => begun >= flushed.done - slack);
      expect(committed?.done).toBeLessThanOrEqual(acknowledged + slack);
    }
    // Appends that come together share transactions.
    expect(flushes.length).toBeLessThan(calls.length);
  }, 60_000);
}

test('of servers started on one directory at the same moment one runs, and the others say why they do not', async () => {
  for (let round = 0; round < 3; round++) {
    const contenders = Array.from({ length: 4 }, () => forkServer(['--dir', dir, '--port', '0']));
    const ready = contenders.map(({ child, exited }) =>
      Promise.race([once(child, 'message').then(() => 'ready' as const), exited.then(() => 'gone' as const)]),
    );
    const outcomes = await Promise.all(ready);
    expect(outcomes.filter((outcome) => outcome === 'ready')).toHaveLength(1);
    for (const [index, contender] of contenders.entries()) {
      if (outcomes[index] === 'ready') {
        // The next round finds the lock of a dead process, and its socket.
        contender.child.kill('SIGKILL');
        expect(await contender.exited).toMatchObject({ signal: 'SIGKILL' });
      } else {
        expect(await contender.exited).toEqual({ code: 1, signal: null });
        expect(contender.stderr()).toMatch(/already in use by/);
        expect(contender.stderr().trimEnd().split('\n')).toHaveLength(1);
      }
    }
  }
}, 60_000);

test('a directory that can not be written is told in one line', async () => {
  const locked = join(dir, 'locked');
  await mkdir(locked);
  await chmod(dir, 0o755);
  await chmod(locked, 0o555);
  // The superuser may write everywhere.
  const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(process.execPath, [SERVER_MAIN, '--dir', locked, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...other,
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(errors).toMatch(/EACCES: permission denied.*locked/);
  expect(errors.trimEnd().split('\n')).toHaveLength(1);
  expect(await readdir(locked)).toEqual([]);
});
