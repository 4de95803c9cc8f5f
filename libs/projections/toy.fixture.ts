import { randomUUID } from 'node:crypto';
import { migrate } from '@huicai/database';
import type { EventStore, StoredEvent } from '@huicai/event-store';
import { type EventMetadata, type RecordedEvent, recorded, UpcasterRegistry } from '@huicai/kernel';
import type { Pool } from 'pg';
import { createTestDatabase } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import type { Handled } from './checkpoint.js';
import {
  createReadPool,
  createWritePool,
  type EventAt,
  LiveProjection,
  type Progress,
  Projector,
  type ProjectorOptions,
  projection,
  type Row,
} from './index.js';

export const STORE_ID = '0192aaaa-0000-7000-8000-000000000001';
export const upcasters = new UpcasterRegistry({});
export const nowhere = async (): Promise<undefined> => undefined;

/** Looks an event up in a store. */
export const eventAt =
  (store: EventStore): EventAt =>
  async (stream, revision) => {
    for await (const event of store.readStream(stream, { from: revision, maxCount: 1 })) return event.id;
    return undefined;
  };

/** Of an event that this system has written. */
export const metadata: EventMetadata = {
  $correlationId: randomUUID(),
  $causationId: randomUUID(),
  commandId: randomUUID(),
  commandHash: { k: 'none', v: '' },
  actor: { id: 'tester', role: 'system' },
  schemaVersion: 1,
  occurredAt: '2026-10-12T01:00:00.000Z',
  recordedAt: '2026-10-12T01:00:00.000Z',
  chain: { alg: 'sha256-jcs-1', prev: '0', hash: '0' },
};

/** Counts of tickets: every event carries how many were sold. */
export interface TicketRow extends Row {
  ticket: string;
  sold: number;
  last: string | null;
}

interface TicketFault {
  readonly name?: string;
  readonly version?: number;
  /** What is to go wrong with the event that carries this text. */
  readonly onText?: Record<string, (row: TicketRow) => unknown>;
  /** What goes wrong after rows were written and those that were given changed. */
  readonly afterwards?: Record<string, (row: TicketRow) => unknown>;
}

/** A projection with a fold that can be made to fail on an event. */
export const tickets = ({ name = 'tickets', version = 1, onText = {}, afterwards = {} }: TicketFault = {}) =>
  projection<TicketRow>({
    name,
    version,
    table: { columns: { ticket: 'text', sold: 'int4', last: 'text null' }, key: ['ticket'], partition: 'ticket' },
    partition: (event) => event.stream,
    fold: (rows, event) => {
      const { n, text } = event.data as { n: number; text?: string };
      const row = { ticket: event.stream, sold: (rows.one()?.sold ?? 0) + n, last: text ?? null };
      onText[text ?? '']?.(row);
      const before = rows.one();
      rows.put(row);
      const late = afterwards[text ?? ''];
      if (!late) return;
      if (before) before.sold = -1;
      rows.delete(row);
      late(row);
    },
  });

/** Keeps every event as a row of its own, so that one delivered twice, or never, is seen. */
export const ledger = projection<Row>({
  name: 'ledger',
  version: 1,
  appendOnly: true,
  table: { columns: { stream: 'text', revision: 'int8', n: 'int4' }, key: ['stream', 'revision'], partition: 'stream' },
  partition: (event) => event.stream,
  fold: (rows, event) =>
    rows.put({ stream: event.stream, revision: event.revision.toString(), n: (event.data as { n: number }).n }),
});

export const TYPES = ['TicketSold', 'TicketReturned'];

export const live = (...definitions: ReturnType<typeof tickets>[]): LiveProjection[] =>
  (definitions as never[]).map((definition) => new LiveProjection(definition, TYPES));

export async function openAll(pool: Pool, projections: readonly LiveProjection[], at: EventAt = nowhere): Promise<void> {
  for (const p of projections) await p.open(pool, STORE_ID, at);
}

/** Sells tickets in one stream; gives the position of the last event. */
export async function sell(
  store: EventStore,
  stream: string,
  sales: readonly { n: number; text?: string; type?: string; metadata?: object }[],
): Promise<bigint> {
  let expected: bigint | 'no_stream' = 'no_stream';
  for await (const last of store.readStream(stream, { backwards: true, maxCount: 1 })) expected = last.revision;
  const events = sales.map(({ type = 'TicketSold', metadata: m = metadata, ...data }) => ({
    id: randomUUID(),
    type,
    data,
    metadata: m,
  }));
  const result = await store.append(stream, expected, events);
  if (result.outcome !== 'appended') throw new Error(`The append ended as ${result.outcome}`);
  return result.position;
}

export const times = (count: number, n = 1) => Array.from({ length: count }, () => ({ n }));

export interface Running {
  readonly done: Promise<void>;
  readonly lines: string[];
  readonly progress: Progress[];
  /** Waits until an event has been seen. */
  reached(position: bigint): Promise<void>;
  /** Aborts and waits for the end. */
  stop(): Promise<void>;
}

/** A projector that runs until it is stopped; its failure is kept for `done`. */
export function start(
  store: EventStore,
  pool: Pool,
  projections: readonly LiveProjection[],
  more: Partial<ProjectorOptions> = {},
): Running {
  const ended = new AbortController();
  const lines: string[] = [];
  const progress: Progress[] = [];
  const done = new Projector({
    pool,
    store,
    upcasters,
    aggregates: new Set(['ticket']),
    projections,
    reference: async () => undefined,
    log: (line) => lines.push(line),
    onProgress: (now) => progress.push(now),
    ...more,
  }).run(ended.signal);
  let over = false;
  done.then(
    () => (over = true),
    () => (over = true),
  );
  return {
    done,
    lines,
    progress,
    async reached(position) {
      const arrived = () => (progress.at(-1)?.seen ?? -1n) >= position;
      await until(`position ${position}`, () => over || arrived());
      if (!arrived()) await done;
    },
    async stop() {
      ended.abort();
      await done;
    },
  };
}

/** The whole log as batches of recorded events, with their ends. */
export async function readBatches(store: EventStore, size: number): Promise<{ events: RecordedEvent[]; end: Handled }[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.readAll()) if (event.stream.startsWith('ticket-')) events.push(event);
  return Array.from({ length: Math.ceil(events.length / size) }, (_, i) => {
    const part = events.slice(i * size, (i + 1) * size).map((event) => recorded(event, upcasters));
    const { position, stream, revision, id } = part.at(-1)!;
    return { events: part, end: { position, stream, revision, id } };
  });
}

/**
 * A database of a test's own, with its durable tables and pools that survive the loss of their connections: one to ask and to copy
 * by, and one for projectors.
 */
export async function openDatabase(): Promise<{ url: string; pool: Pool; writePool: Pool; close(): Promise<void> }> {
  const database = await createTestDatabase();
  await migrate(database.url);
  const pool = createReadPool(database.url);
  const writePool = createWritePool(database.url);
  return {
    url: database.url,
    pool,
    writePool,
    async close() {
      await Promise.all([pool.end(), writePool.end()]);
      await database.drop();
    },
  };
}

/** What the tables say. */
export async function ticketRows(pool: Pool, schema = 'read_tickets_v1'): Promise<TicketRow[]> {
  return (await pool.query<TicketRow>(`select * from ${schema}.rows order by ticket collate "C"`)).rows;
}

/** Ends every connection to this database but the one that asks. */
export async function cutConnections(url: string): Promise<void> {
  const admin = createReadPool(url, 1);
  await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await admin.end();
}
