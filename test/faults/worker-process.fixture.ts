import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EventStore, NewEvent, StoredEvent } from '@huicai/event-store';
import { forkSource } from '../support/processes.js';

export interface WorkerEnvironment {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly kekFile: string;
}

/** A worker as a process of its own, run from the sources. */
export class WorkerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private text = '';

  constructor({ databaseUrl, eventStoreUrl, kekFile }: WorkerEnvironment) {
    this.child = forkSource(join(__dirname, '../../apps/worker/src/main.ts'), [], {
      DATABASE_URL: databaseUrl,
      EVENTSTORE_URL: eventStoreUrl,
      HUICAI_OIDC_ISSUER: 'https://issuer.example',
      HUICAI_KEK_FILE: kekFile,
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (part: Buffer) => {
        this.text += part.toString();
      });
    this.exited = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  get output(): string {
    return this.text;
  }

  /** How often it has come to lead. */
  get led(): number {
    return this.text.match(/worker: leading with/g)?.length ?? 0;
  }

  /** Ends it at once, even when it is frozen, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** How many cases that are over come after each one that may be in any state. */
const SETTLED_EACH = 9;

/**
 * The cases there are, over and over, under new ids, whatever becomes of the store meanwhile. Most of them are over, as in a real
 * log: of the others many have missed their dues, which timers record one by one.
 */
export class Flood {
  /** Events sent and known to be in the store. */
  sent = 0;
  private readonly courses: StoredEvent[][];
  private readonly settled: StoredEvent[][];
  private next = 0;
  private readonly places: { readonly sent: number; readonly position: bigint }[] = [];

  private constructor(
    private readonly store: EventStore,
    log: readonly StoredEvent[],
  ) {
    const streams = new Map<string, StoredEvent[]>();
    for (const event of log)
      if (event.stream.startsWith('case-')) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
    this.courses = [...streams.values()];
    this.settled = this.courses.filter(isOver);
    if (this.settled.length === 0) throw new Error('No case of the log is over');
  }

  static async of(store: EventStore): Promise<Flood> {
    const log: StoredEvent[] = [];
    for await (const event of store.readAll()) log.push(event);
    return new Flood(store, log);
  }

  /** Sends so many events, or a few more: whole cases, several at once. @throws Error when an append is refused */
  async send(count: number): Promise<void> {
    const goal = this.sent + count;
    const lane = async () => {
      while (this.sent < goal) await this.repeat(this.nextCourse());
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  }

  /** Where in `$all` an event lies before which so many others of the flood do; undefined until it is sent. */
  placeOf(count: number): bigint | undefined {
    return this.places.find(({ sent }) => sent >= count)?.position;
  }

  private nextCourse(): StoredEvent[] {
    const turn = this.next++;
    const from = turn % (SETTLED_EACH + 1) === 0 ? this.courses : this.settled;
    return from[Math.floor(turn / (from === this.courses ? SETTLED_EACH + 1 : 1)) % from.length]!;
  }

  private async repeat(events: readonly StoredEvent[]): Promise<void> {
    const caseId = randomUUID();
    const copies: NewEvent[] = events.map(({ type, data, metadata }) => ({
      id: randomUUID(),
      type,
      data: type === 'CaseRegistered' ? { ...(data as object), caseId } : (data as object),
      metadata: metadata as object,
    }));
    for (;;) {
      const result = await this.store.append(`case-${caseId}`, 'no_stream', copies);
      if (result.outcome === 'unknown') continue;
      this.sent += copies.length;
      // Nobody else writes to that stream: in conflict is only what was there already when its answer was lost.
      if (result.outcome === 'appended') this.places.push({ sent: this.sent, position: result.position });
      return;
    }
  }
}

const isOver = (events: readonly StoredEvent[]): boolean =>
  events.some(({ type }) => ['CaseClosed', 'CaseDeclined', 'CaseWithdrawn'].includes(type)) &&
  !events.some(({ type }) => type === 'CaseReopened');
