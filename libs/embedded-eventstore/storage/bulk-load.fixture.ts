import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { LogDatabase } from './database.js';
import { encodeRecord, type StoredRecord } from './record.js';
import { FIRST_POSITION } from './tables.js';

export interface BulkLoad {
  dir: string;
  events: number;
  streams: number;
  /** Bytes of JSON data and metadata of each event together, roughly. */
  bytes: number;
}

/** Records per transaction: enough to make the flush to disk a small part of the time. */
const PER_COMMIT = 5_000;

/**
 * Fills a new database with events in streams chosen at random, as EventLog would write them, but without its queue and
 * its checks. The first event of each stream is written first, so that there are exactly as many streams as asked for.
 */
export async function bulkLoad({ dir, events, streams, bytes }: BulkLoad): Promise<void> {
  await mkdir(dir, { recursive: true });
  const database = await LogDatabase.open(dir);
  try {
    const revisions = new Uint32Array(streams);
    const metadata = Buffer.from(`{"actor":"${'a'.repeat(Math.floor(bytes / 3))}"}`);
    let position = FIRST_POSITION;
    for (let n = 0; n < events; ) {
      const records: StoredRecord[] = [];
      const newStreams = new Map<string, number>();
      for (const end = Math.min(n + PER_COMMIT, events); n < end; n++) {
        const at = n < streams ? n : Math.floor(Math.random() * streams);
        const stream = `bulk-${at}`;
        if (revisions[at] === 0) newStreams.set(stream, at + 1);
        const record = encodeRecord({
          position,
          streamNumber: at + 1,
          stream,
          revision: revisions[at]!++,
          type: 'BulkLoaded',
          id: randomBytes(16),
          isJson: true,
          created: 1_700_000_000_000 + n,
          customMetadata: metadata,
          data: Buffer.from(`{"fill":"${'x'.repeat(Math.floor((bytes * 2) / 3))}","n":${n}}`),
        });
        position = record.nextPosition;
        records.push(record);
      }
      await database.write(records, newStreams);
    }
  } finally {
    await database.close();
  }
}
