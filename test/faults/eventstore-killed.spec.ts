import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forkServer, type ServerProcess, startServerProcess } from '../../libs/embedded-eventstore/testing/server-process.js';
import { until } from '../support/until.js';
import { Follower, verifyLog } from './eventstore-log.fixture.js';
import { type Append, Random, send, Writer, withSeed } from './eventstore-writers.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const ROUNDS = soak ? 20 : 3;
const WRITERS = 24;
/** Events of each stream that are read in every way after a kill: in the end it is all of them. */
const NEWEST = 200;
jest.setTimeout(soak ? 1_200_000 : 120_000);

let dir: string;
let server: ServerProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'eventstore-killed-'));
});
afterEach(async () => {
  await kill();
  await rm(dir, { recursive: true });
});

async function start(): Promise<ServerProcess> {
  server = await startServerProcess(['--dir', dir, '--port', '0']);
  return server;
}

async function kill(): Promise<void> {
  server?.child.kill('SIGKILL');
  await server?.exited;
}

/** A server that is killed while it opens the directory, or has just done so. */
async function killWhileStarting(random: Random): Promise<void> {
  const { child, exited } = forkServer(['--dir', dir, '--port', '0']);
  await delay(random.between(0, 600));
  child.kill('SIGKILL');
  await exited;
}

it('a server killed again and again loses, halves and doubles nothing', () =>
  withSeed(async (seed) => {
    const random = new Random(seed);
    const ledger: Append[] = [];
    const writers = Array.from({ length: WRITERS }, (_, n) => new Writer(`own-${n}`, seed + 1 + n, ledger));
    const follower = new Follower();
    const answered = () => ledger.filter(({ answer }) => answer).length;
    for (let round = 0; round < ROUNDS; round++) {
      if (random.between(0, 2) === 0) await killWhileStarting(random);
      const { child, client: connect, exited } = await start();
      // One client only for all who write: its batch path shares one table of pending appends with every other.
      const client = connect();
      const following = follower.follow(client);
      const before = answered();
      const enough = random.between(WRITERS, soak ? 400 : 120);
      const writing = writers.map((writer) => writer.write(client, exited));
      await Promise.race([until('enough appends', () => answered() - before >= enough, 60_000), ...writing]);
      await delay(random.between(0, 15));
      child.kill('SIGKILL');
      expect(await exited).toMatchObject({ signal: 'SIGKILL' });
      await Promise.all([...writing, following]);
      await client.dispose();
      expect(writers.some(({ unsettled }) => unsettled)).toBe(true);

      const restarted = (await start()).client();
      const log = await verifyLog(restarted, ledger, NEWEST);
      expect(follower.seen).toEqual(log.slice(0, follower.seen.length).map(({ id }) => id));
      const repeated = ledger.filter(({ answer }) => answer).at(-random.between(1, 20))!;
      expect(await send(restarted, repeated, 'unary')).toEqual(repeated.answer);
      await restarted.dispose();
      await kill();
    }

    const { client: connect, exited } = await start();
    const client = connect();
    const following = follower.follow(client);
    await Promise.all(writers.map((writer) => writer.write(client, exited, () => true)));
    expect(ledger.filter(({ answer }) => !answer)).toEqual([]);
    const log = await verifyLog(client, ledger);
    expect(log.filter(({ type }) => type === 'Written')).toHaveLength(ledger.reduce((sum, { ids }) => sum + ids.length, 0));
    await until('the follower at the end', () => follower.position >= log.at(-1)!.position);
    expect(follower.seen).toEqual(log.map(({ id }) => id));
    await kill();
    await following;
    await client.dispose();
  }));
