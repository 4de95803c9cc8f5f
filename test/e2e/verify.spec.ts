import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { startEmbeddedEventStore } from '@huicai/embedded-eventstore';
import { connectEventStore } from '@huicai/event-store';
import { canonical } from '@huicai/kernel';
import { writeRuntime } from '@huicai/runtime';
import { open } from 'lmdb';
import { streamsOfOneStore } from '../support/event-fixtures.js';
import { forkSource } from '../support/processes.js';

jest.setTimeout(60_000);

const streams = streamsOfOneStore();
const caseStream = streams.find(({ stream, events }) => stream.startsWith('case-') && events.length > 5)!;
const otherStream = streams.find(({ stream }) => stream.startsWith('talent-'))!;

describe('huicai verify', () => {
  let directory: string;
  let eventStoreDir: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'huicai-verify-'));
    eventStoreDir = join(directory, 'eventstore');
    await writeFile(join(directory, 'kek'), randomBytes(32), { mode: 0o600 });
    await serving(async (url) => {
      const store = connectEventStore(url);
      for (const { stream, events } of streams) {
        const batch = events.map(({ id, type, data, metadata }) => ({
          id,
          type,
          data: canonical(data as object),
          metadata: canonical(metadata as object),
        }));
        expect(await store.append(stream, 'no_stream', batch)).toMatchObject({ outcome: 'appended' });
      }
      await store.close();
    });
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function serving<T>(work: (url: string) => Promise<T>): Promise<T> {
    const server = await startEmbeddedEventStore({ dir: eventStoreDir });
    try {
      return await work(server.connectionString);
    } finally {
      await server.stop();
    }
  }

  /** The command line's answer about the store as it now is. */
  function verify(): Promise<{ code: number | null; output: string }> {
    return serving(async (eventStoreUrl) => {
      const file = join(directory, 'runtime.json');
      const others = {
        databaseUrl: 'postgresql://127.0.0.1:1/none',
        databasePort: 1,
        eventStorePort: 1,
        apiUrl: '',
        token: 'none',
      };
      writeRuntime(file, { eventStoreUrl, ...others, pid: process.pid, startedAt: new Date().toISOString() });
      const child = forkSource('apps/cli/src/main.ts', ['verify'], { HUICAI_DATA_DIR: directory, HUICAI_RUNTIME: file });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (output += part.toString()));
      await once(child, 'close');
      return { code: child.exitCode, output };
    });
  }

  /** Changes one byte of one stored event, and its checksum with it, as somebody with access to the disk could. */
  async function tamper(eventId: string, find: string, put: string): Promise<void> {
    const root = open({ path: eventStoreDir, encoding: 'binary', maxDbs: 8, noSubdir: false });
    const log = root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' });
    const id = Buffer.from(eventId.replaceAll('-', ''), 'hex');
    for (const { key, value } of [...log.getRange({})]) {
      if (!value.subarray(32, 48).equals(id)) continue;
      const bytes = Buffer.from(value);
      const at = bytes.indexOf(find, 48); // the checksum and ids before it may hold any byte
      expect(at).toBeGreaterThanOrEqual(48);
      bytes.write(put, at);
      bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
      await log.put(key, bytes);
    }
    await root.close();
  }

  it('says that every chain holds, and which events their writer dated wrongly', async () => {
    const { code, output } = await verify();
    expect(output).toContain(
      `${streams.flatMap(({ events }) => events).length} events in ${streams.length} streams: every chain holds.`,
    );
    // The kept events were recorded long before this store; those of the played year say so themselves.
    expect(output).toMatch(
      /Warning: calendar-cn-lanshan revision 0 \(CalendarVersionPublished, .*\) is dated more than a minute off/,
    );
    expect(output).not.toContain(`Warning: ${caseStream.stream}`);
    expect(code).toBe(0);
  });

  it('names the first broken link of each stream in which a byte was changed', async () => {
    const accepted = caseStream.events[1]!;
    await tamper(accepted.id, 'total/1/1', 'total/1/2');
    await tamper(caseStream.events[4]!.id, '"', '.');
    const registered = otherStream.events[0]!;
    await tamper(registered.id, '"engagement"', '"engagemenT"');
    const { code, output } = await verify();
    expect(output).toContain(
      `${caseStream.stream} revision 1 (CaseAccepted, ${accepted.id}) is not what was written: its hash differs`,
    );
    expect(output).toContain(`${otherStream.stream} revision 0 (TalentRegistered, ${registered.id}) is not what was written`);
    expect(output.match(/its hash differs/g)).toHaveLength(2);
    expect(output).toContain('2 chains are broken');
    expect(code).toBe(1);
  });
});
