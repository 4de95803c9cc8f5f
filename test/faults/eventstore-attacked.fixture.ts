import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKWARDS, END, type EventStoreDBClient, jsonEvent, StreamNotFoundError } from '@eventstore/db-client';
import { type ServerProcess, startServerProcess } from '../../libs/embedded-eventstore/testing/server-process.js';
import { until } from '../support/until.js';

const PROBE = join(__dirname, 'eventstore-memory-probe.cjs');
const MEGABYTE = 1024 * 1024;
/** What the server keeps of the newest events, by design. */
const TAIL_BYTES = 16 * MEGABYTE;
const BLOCK_BYTES = 64 * 1024;
/** What may come and go for other reasons than the attack. */
const SLACK = MEGABYTE;

/** A server under attack, and a client that does nothing wrong and must not notice. */
export class AttackedServer {
  private readonly client: EventStoreDBClient;
  private served = 0;

  private constructor(
    private readonly dir: string,
    private readonly server: ServerProcess,
  ) {
    this.client = server.client();
  }

  static async start(): Promise<AttackedServer> {
    const dir = mkdtempSync(join(tmpdir(), 'eventstore-attacked-'));
    const launcher = { execArgv: ['--expose-gc', '--require', PROBE] };
    const server = await startServerProcess(['--dir', dir, '--port', '0'], {}, launcher);
    const attacked = new AttackedServer(dir, server);
    // So that what is kept of the newest events does not grow later.
    await attacked.fill(TAIL_BYTES);
    await attacked.settledMemory();
    return attacked;
  }

  /** Appends at least so many bytes of events. */
  async fill(bytes: number): Promise<void> {
    const block = () => jsonEvent({ type: 'Block', data: { fill: 'x'.repeat(BLOCK_BYTES) } });
    for (let done = 0; done < bytes; done += 10 * BLOCK_BYTES) {
      await this.client.appendToStream('blocks', Array.from({ length: 10 }, block));
    }
  }

  get port(): number {
    return this.server.port;
  }

  /** Files and connections the process has open. */
  openFiles(): number {
    return readdirSync(`/proc/${this.server.child.pid}/fd`).length;
  }

  /** Bytes the process holds on to. */
  async memory(): Promise<number> {
    const answer = once(this.server.child, 'message') as Promise<[{ bytes: number }]>;
    this.server.child.send('memory');
    return (await answer)[0].bytes;
  }

  /** Writes on either path and reads it back. */
  async serveOnce(): Promise<void> {
    const { client } = this;
    const n = this.served++;
    const event = () => jsonEvent({ type: 'Good', data: { n } });
    await client.appendToStream('good', event());
    await client.appendToStream('good', event(), { credentials: { username: 'a', password: 'b' } });
    for await (const { event } of client.readStream('good', { direction: BACKWARDS, fromRevision: END, maxCount: 1 })) {
      expect(event).toMatchObject({ data: { n }, revision: BigInt(2 * n + 1) });
    }
  }

  /** Resolves when the client that does nothing wrong has been served from now on. */
  async servedMore(): Promise<void> {
    const before = this.served;
    // The first may have been on its way already.
    await until('a client served', () => this.served >= before + 2);
  }

  /** How many events a stream has, for a client that does everything right. */
  async countOf(stream: string): Promise<number> {
    let count = 0;
    try {
      for await (const _ of this.client.readStream(stream)) count++;
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
    }
    return count;
  }

  /** Waits until the process holds at most so many bytes more than `before`. */
  async expectMemory(before: number, more: number): Promise<void> {
    await until(`no more than ${more} bytes beside ${before}`, async () => (await this.memory()) <= before + more);
  }

  /** Attacks while serving, again and again: whatever one attack took must be given back, not added to. */
  async withstand(attack: () => Promise<void>, rounds: number): Promise<void> {
    await this.attackOnce(attack);
    for (let round = 0; round < rounds; round++) {
      // Of each round anew: the ids of what was written meanwhile are kept, as they should be.
      const level = await this.settledMemory();
      await this.attackOnce(attack);
      await this.expectMemory(level, SLACK);
    }
  }

  private async attackOnce(attack: () => Promise<void>): Promise<void> {
    let isOver: boolean = false;
    const attacking = attack().finally(() => {
      isOver = true;
    });
    do await this.serveOnce();
    while (!isOver);
    await attacking;
    await this.serveOnce();
  }

  /** Memory once it no longer shrinks: lost connections are noticed a little later. */
  private async settledMemory(): Promise<number> {
    let level = Number.POSITIVE_INFINITY;
    let same = 0;
    await until('memory that has settled', async () => {
      const now = await this.memory();
      same = now < level - MEGABYTE ? 0 : same + 1;
      level = Math.min(level, now);
      return same >= 10;
    });
    return level;
  }

  /** Ends the server, which must have been the same process all the time and had nothing to complain of. */
  async stop(): Promise<void> {
    const { child, exited } = this.server;
    await this.client.dispose();
    child.kill('SIGTERM');
    const ended = await exited;
    rmSync(this.dir, { recursive: true });
    expect({ ...ended, stderr: this.server.stderr() }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(this.server.stdout()).not.toContain('a call failed');
  }
}
