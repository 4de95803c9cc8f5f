import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ForkedServer,
  forkServer,
  type Launcher,
  type ServerProcess,
  startServerProcess,
} from '../../libs/embedded-eventstore/testing/server-process.js';
import { verifyLog } from './eventstore-log.fixture.js';
import { fillUp, possibleKinds, type SmallDisk } from './eventstore-small-disk.fixture.js';
import { type Append, Writer, withSeed } from './eventstore-writers.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
// Room for all that the writers may have outstanding at once (24 appends of 100 events, a page of the database each), and for what is there.
const MEGABYTES = soak ? 64 : 16;
const WRITERS = 24;
const MAX_FILL = 3000;
jest.setTimeout(soak ? 1_200_000 : 60_000);

let server: ForkedServer | undefined;
afterEach(kill);

async function start(dir: string, launcher: Launcher = {}): Promise<ServerProcess> {
  const started = await startServerProcess(['--dir', dir, '--port', '0'], {}, launcher);
  server = started;
  return started;
}

async function kill(): Promise<void> {
  server?.child.kill('SIGKILL');
  await server?.exited;
}

/** Ends with its one line when it can not start. */
async function startInVain(dir: string, launcher: Launcher): Promise<void> {
  server = forkServer(['--dir', dir, '--port', '0'], {}, launcher);
  const ended = await server.exited;
  expect({ ...ended, stderr: server.stderr() }).toEqual({
    code: 1,
    signal: null,
    stderr: expect.stringMatching(/^\S+ eventstore can not start: .*no space left on .*\n$/),
  });
}

function newWriters(seed: number): { ledger: Append[]; writers: Writer[] } {
  const ledger: Append[] = [];
  return { ledger, writers: Array.from({ length: WRITERS }, (_, n) => new Writer(`own-${n}`, seed + n, ledger, MAX_FILL)) };
}

/** Writes until the server goes, which it must do of its own accord; every writer hears that it is unavailable. */
async function writeUntilItEnds({ client: connect, exited }: ServerProcess, writers: readonly Writer[]): Promise<void> {
  const client = connect();
  await Promise.all(writers.map((writer) => writer.write(client, exited)));
  await client.dispose();
}

/** Everything acknowledged is there and nothing in part; what was refused can be written now, and once. */
async function settle({ client: connect, exited }: ServerProcess, writers: readonly Writer[], ledger: readonly Append[]) {
  const client = connect();
  await verifyLog(client, ledger);
  await Promise.all(writers.map((writer) => writer.write(client, exited, () => true)));
  expect(ledger.filter(({ answer }) => !answer)).toEqual([]);
  await verifyLog(client, ledger);
  await client.dispose();
}

const { possible, reasons } = possibleKinds();
if (possible.length === 0) {
  process.stderr.write(`A full disk can not be tested here: ${reasons.join('; ')}\n`);
  it(`not possible here: ${reasons.join('; ')}`, () => expect(reasons).not.toEqual([]));
} else {
  describe.each(soak ? possible : possible.slice(0, 1))('on a small disk %s', (_name, make) => {
    let disk: SmallDisk;
    let dir: string;
    beforeEach(async () => {
      disk = await make(MEGABYTES);
      dir = join(disk.inside, 'data');
    });
    afterEach(async () => {
      await kill();
      await disk.remove();
    });

    it('a server that has filled it ends and says so, and has everything it acknowledged when there is room again', () =>
      withSeed(async (seed) => {
        const { ledger, writers } = newWriters(seed);
        // Something else takes most of it, and then all that the server leaves.
        const running = await start(dir, disk.launcher);
        const ballast = fillUp(disk, { bytesLeft: (MEGABYTES / 4) * 1024 * 1024 });
        await writeUntilItEnds(running, writers);
        expect(await running.exited).toEqual({ code: 1, signal: null });
        expect(running.stderr()).toMatch(/^\S+ eventstore a commit failed: no space left on the disk of .*\n$/);
        expect(running.stdout()).toBe('');
        const rest = fillUp(disk);
        await startInVain(dir, disk.launcher);

        rest.remove();
        ballast.remove();
        await settle(await start(dir, disk.launcher), writers, ledger);
      }));

    it.each(soak ? [0, 1, 2, 3, 5, 8, 20] : [0, 1, 3])(
      'a first start with %i pages left says why it can not, and harms nothing',
      async (pages) => {
        const ballast = fillUp(disk, { bytesLeft: pages * 4096 });
        await startInVain(dir, disk.launcher);
        ballast.remove();
        const client = (await start(dir, disk.launcher)).client();
        await verifyLog(client, []);
        await client.dispose();
      },
    );
  });
}

it('a write that the system refuses without notice ends the server, and costs nothing acknowledged', () =>
  withSeed(async (seed) => {
    const dir = mkdtempSync(join(tmpdir(), 'eventstore-file-limit-'));
    try {
      const { ledger, writers } = newWriters(seed);
      // In blocks of 512 bytes or of a kilobyte, as the shell has it.
      const launcher = { execPath: 'sh', execArgv: ['-c', 'ulimit -f 4096; exec "$@"', 'sh', process.execPath] };
      const limited = await start(dir, launcher);
      await writeUntilItEnds(limited, writers);
      expect((await limited.exited).code).not.toBe(0);
      await settle(await start(dir), writers, ledger);
    } finally {
      await kill();
      rmSync(dir, { recursive: true });
    }
  }));
