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

/** How many streams that are done with come after each one that may be in any state. */
const SETTLED_EACH = 49;

/** Streams that are told over again: those of one person, one case, one holder of cards, each under an id of its own. */
const TOLD_AGAIN = /^(case|talent|cardHolder|specialist)-(.*)$/;

/**
 * The streams there are, over and over, under new ids, whatever becomes of the store meanwhile. Most of the cases are over, as in a
 * real log: of the others many have missed their dues, which timers record one by one.
 */
export class Flood {
  /** Events sent and known to be in the store. */
  sent = 0;
  private readonly courses: Course[];
  private readonly settled: Course[];
  private next = 0;
  private readonly places: { readonly sent: number; readonly position: bigint }[] = [];

  private constructor(
    private readonly store: EventStore,
    log: readonly StoredEvent[],
  ) {
    const streams = new Map<string, StoredEvent[]>();
    for (const event of log)
      if (TOLD_AGAIN.test(event.stream)) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
    const courses = [...streams].map(([stream, events]) => courseOf(stream, events));
    this.courses = courses.filter(({ aggregate }) => aggregate === 'case');
    this.settled = courses.filter(({ aggregate, events }) => aggregate !== 'case' || isOver(events));
    if (!this.settled.some(({ aggregate }) => aggregate === 'case')) throw new Error('No case of the log is over');
  }

  static async of(store: EventStore): Promise<Flood> {
    const log: StoredEvent[] = [];
    for await (const event of store.readAll()) log.push(event);
    return new Flood(store, log);
  }

  /** Sends so many events, or a few more: whole streams, several at once. @throws Error when an append is refused */
  async send(count: number): Promise<void> {
    const goal = this.sent + count;
    const lane = async () => {
      while (this.sent < goal) await this.repeat(this.nextCourse());
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  /** Where in `$all` an event lies before which so many others of the flood do; undefined until it is sent. */
  placeOf(count: number): bigint | undefined {
    return this.places.find(({ sent }) => sent >= count)?.position;
  }

  private nextCourse(): Course {
    const turn = this.next++;
    const from = turn % (SETTLED_EACH + 1) === 0 ? this.courses : this.settled;
    return from[Math.floor(turn / (from === this.courses ? SETTLED_EACH + 1 : 1)) % from.length]!;
  }

  private async repeat({ aggregate, ids, events }: Course): Promise<void> {
    const names = new Map(ids.map((each) => [each, randomUUID()]));
    const copies: NewEvent[] = events.map(({ type, data, metadata }) => ({
      id: randomUUID(),
      type,
      data: renamed(data, names) as object,
      metadata: metadata as object,
    }));
    for (;;) {
      const result = await this.store.append(`${aggregate}-${names.get(ids[0]!)}`, 'no_stream', copies);
      if (result.outcome === 'unknown') continue;
      this.sent += copies.length;
      // Nobody else writes to that stream: in conflict is only what was there already when its answer was lost.
      if (result.outcome === 'appended') this.places.push({ sent: this.sent, position: result.position });
      return;
    }
  }
}

/** Streams written side by side. */
const LANES = 16;

interface Course {
  readonly aggregate: string;
  /** What is named anew in a copy: the stream's own id, then whatever it has brought into being. */
  readonly ids: readonly string[];
  readonly events: readonly StoredEvent[];
}

function courseOf(stream: string, events: readonly StoredEvent[]): Course {
  const [, aggregate, id] = TOLD_AGAIN.exec(stream)!;
  const made = events.flatMap(({ data }) => Object.entries(data as object).filter(([name]) => MADE.has(name)));
  return { aggregate: aggregate!, ids: [...new Set([id!, ...made.map(([, value]) => String(value))])], events };
}

/** Ids of things that live in the stream of another. */
const MADE: ReadonlySet<string> = new Set(['cardId', 'applicationId']);

/** The same with other ids wherever these stand. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, renamed(each, names)]));
}

const isOver = (events: readonly StoredEvent[]): boolean =>
  events.some(({ type }) => ['CaseClosed', 'CaseDeclined', 'CaseWithdrawn'].includes(type)) &&
  !events.some(({ type }) => type === 'CaseReopened');
