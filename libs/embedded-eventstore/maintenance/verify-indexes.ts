import type { IndexEntry, LogDatabase } from '../storage/database.js';
import { DamagedRecordError, type StoredRecord, TOMBSTONE_REVISION } from '../storage/record.js';
import { metastreamOf } from '../storage/system-streams.js';
import { nameKey } from '../storage/tables.js';
import type { Findings } from './findings.js';
import { placeOf, revisionText } from './verify-log.js';

const PAGE = 1_000;
const BEFORE_ALL_NAMES = Buffer.alloc(0);

/**
 * Walks the index of the streams: revisions must run from 0 without a gap, in the order of their positions, a tombstone last.
 * @param suspicious whether the log has fewer indexed records than the index entries: only then each entry's record is read
 */
export async function verifyIndex(
  database: LogDatabase,
  findings: Findings,
  suspicious: boolean,
  onPage: (entries: number) => Promise<void>,
): Promise<void> {
  let previous: IndexEntry = { streamNumber: 0, revision: -1, position: 0 };
  let seen = 0;
  let page = database.indexAfter(0, -1, PAGE);
  while (page.length > 0) {
    for (const entry of page) {
      const before = entry.streamNumber === previous.streamNumber ? previous : undefined;
      verifyEntry(database, entry, before, findings);
      if (suspicious) verifyHasRecord(database, entry, findings);
      previous = entry;
    }
    seen += page.length;
    await onPage(seen);
    page = database.indexAfter(previous.streamNumber, previous.revision, PAGE);
  }
}

/** Walks the names: each must belong to the stream whose number it has. Two names of one number can not both. */
export async function verifyNames(
  database: LogDatabase,
  findings: Findings,
  onPage: (names: number) => Promise<void>,
): Promise<void> {
  let seen = 0;
  let page = database.namesAfter(BEFORE_ALL_NAMES, PAGE);
  while (page.length > 0) {
    for (const { key, streamNumber } of page) {
      const stored = firstRecord(database, streamNumber);
      if (stored === undefined) {
        const message = `the name ${readable(key)} has the number ${streamNumber}, under which there is no event`;
        findings.add({ kind: 'name-orphan', message });
      } else if (stored !== 'damaged' && !nameKey(stored.stream).equals(key)) {
        const message = `the name ${readable(key)} has the number ${streamNumber}, which is that of another stream`;
        findings.add({ kind: 'name-wrong', message, ...placeOf(stored) });
      }
    }
    seen += page.length;
    await onPage(seen);
    page = database.namesAfter(page.at(-1)!.key, PAGE);
  }
}

function verifyEntry(database: LogDatabase, entry: IndexEntry, before: IndexEntry | undefined, findings: Findings): void {
  const { streamNumber, revision, position } = entry;
  const expected = (before?.revision ?? -1) + 1;
  if (revision !== expected && revision !== TOMBSTONE_REVISION) {
    const message = `revision ${expected} is missing: stream number ${streamNumber} goes on with ${revision}`;
    findings.add({ kind: 'revision', message, ...nameOf(database, entry) });
  }
  if (before && position <= before.position) {
    const after = revision === TOMBSTONE_REVISION;
    const message = after
      ? `revision ${before.revision} was written after the tombstone of its stream`
      : `revision ${revision} is before revision ${before.revision} in the log`;
    findings.add({ kind: after ? 'after-tombstone' : 'order', message, ...nameOf(database, after ? before : entry) });
  }
  if (revision === TOMBSTONE_REVISION) verifyMetadataEnds(database, entry, findings);
}

/** A tombstone ends the stream that holds the metadata too. */
function verifyMetadataEnds(database: LogDatabase, tombstone: IndexEntry, findings: Findings): void {
  const record = recordAt(database, tombstone.position);
  if (!record || record === 'damaged') return;
  const number = database.streamNumber(metastreamOf(record.stream));
  if (number === undefined) return;
  const { last } = database.storedHead(number);
  const position = last < 0 ? undefined : database.positionOf(number, last);
  if (position === undefined || position < tombstone.position) return;
  const message = 'metadata were written after the tombstone of the stream';
  findings.add({
    kind: 'after-tombstone',
    message,
    stream: metastreamOf(record.stream),
    revision: String(last),
    position: String(position),
  });
}

function verifyHasRecord(database: LogDatabase, entry: IndexEntry, findings: Findings): void {
  const record = recordAt(database, entry.position);
  if (record === 'damaged') return;
  if (record?.streamNumber === entry.streamNumber && record.revision === entry.revision) return;
  const what = record ? `that of another event (${record.stream}, revision ${revisionText(record.revision)})` : 'no record';
  const message = `the index points stream number ${entry.streamNumber}, revision ${revisionText(entry.revision)} at ${entry.position}, where there is ${what}`;
  findings.add({ kind: 'index-orphan', message, revision: revisionText(entry.revision), position: String(entry.position) });
}

function firstRecord(database: LogDatabase, streamNumber: number): StoredRecord | 'damaged' | undefined {
  const [entry] = database.indexAfter(streamNumber, -1, 1);
  return entry?.streamNumber === streamNumber ? (recordAt(database, entry.position) ?? 'damaged') : undefined;
}

/** Damage is reported by the walk along the log, and only passed over here. */
function recordAt(database: LogDatabase, position: number): StoredRecord | 'damaged' | undefined {
  try {
    return database.find(position);
  } catch (error) {
    if (error instanceof DamagedRecordError) return 'damaged';
    throw error;
  }
}

function nameOf(
  database: LogDatabase,
  { revision, position }: IndexEntry,
): { stream?: string; revision: string; position: string } {
  const record = recordAt(database, position);
  const place = { revision: revisionText(revision), position: String(position) };
  return record && record !== 'damaged' ? { stream: record.stream, ...place } : place;
}

function readable(key: Buffer): string {
  return key[0] === 0x6e ? JSON.stringify(key.toString('utf8', 1)) : `with the hash ${key.toString('hex', 1)}`;
}
