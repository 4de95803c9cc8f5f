import type { LogDatabase } from '../storage/database.js';
import { DamagedRecordError, encodeRecord, StoredRecord, TOMBSTONE_REVISION } from '../storage/record.js';
import { FIRST_POSITION } from '../storage/tables.js';
import type { Findings } from './findings.js';

const PAGE = 500;
const TOMBSTONE_ON_THE_WIRE = '9223372036854775807';
const SYSTEM = '$';

/** The canonical text of a JSON value (RFC 8785); throws for a value that has none. */
export type Canonical = (value: unknown) => string;

/** What the walk along the log has seen. */
export interface LogSummary {
  records: number;
  bytes: number;
  /** Position of the newest record, 0 in an empty log. */
  lastPosition: number;
  /** Records whose index entry points at them. Where this is the number of entries, there are no others. */
  indexed: number;
}

/**
 * Walks the log from its beginning: every record must be whole, agree with itself, follow the one before it without a gap
 * and in time, and be found by its stream's name, number and revision. Holds one page of records at a time.
 * @param canonical also demands that JSON events outside the system streams are stored in canonical form
 * @param onPage told of the records seen so far, after each page
 */
export async function verifyLog(
  database: LogDatabase,
  findings: Findings,
  canonical: Canonical | undefined,
  onPage: (records: number) => Promise<void>,
): Promise<LogSummary> {
  const summary: LogSummary = { records: 0, bytes: 0, lastPosition: 0, indexed: 0 };
  let expected = FIRST_POSITION;
  let created = 0;
  for (let page = database.storedBytes(0, PAGE); page.length > 0; page = database.storedBytes(summary.lastPosition + 1, PAGE)) {
    for (const { position, bytes } of page) {
      if (position !== expected) {
        const message = `a record is at ${position}, the one before it ends at ${expected}`;
        findings.add({ kind: 'position', message, position: String(position) });
      }
      expected = position + bytes.length;
      summary.records++;
      summary.bytes += bytes.length;
      summary.lastPosition = position;
      const record = decode(position, bytes, findings);
      if (!record) continue;
      if (record.created < created) {
        const message = `created at ${timeOf(record.created)}, after an event of ${timeOf(created)}`;
        findings.add({ kind: 'created', message, ...placeOf(record) });
      }
      created = record.created;
      verifyName(database, record, findings);
      if (verifyIndexed(database, record, findings)) summary.indexed++;
      if (canonical) verifyCanonical(record, canonical, findings);
    }
    await onPage(summary.records);
  }
  return summary;
}

/** Stream, revision and position of a record as a finding names them. */
export function placeOf(record: StoredRecord): { stream: string; revision: string; position: string } {
  return { stream: record.stream, revision: revisionText(record.revision), position: String(record.position) };
}

/** Revision as the wire has it. */
export function revisionText(revision: number): string {
  return revision === TOMBSTONE_REVISION ? TOMBSTONE_ON_THE_WIRE : String(revision);
}

/** The record if it is what the server would have written there; damage is reported. */
function decode(position: number, bytes: Buffer, findings: Findings): StoredRecord | undefined {
  let record: StoredRecord;
  try {
    record = StoredRecord.decode(position, bytes);
  } catch (error) {
    if (!(error instanceof DamagedRecordError)) throw error;
    findings.add({ kind: 'damaged-record', message: error.message, position: String(position) });
    return undefined;
  }
  try {
    const { streamNumber, stream, revision, type, id, isJson, created, customMetadata, data } = record;
    const parts = { position, streamNumber, stream, revision, type, id, isJson, created, customMetadata, data };
    // The record holds most of this twice, in its header and in the message for readers.
    if (encodeRecord(parts).bytes.equals(bytes)) return record;
    const message = 'the record does not belong here, or its header and its event say different things';
    findings.add({ kind: 'inconsistent-record', message, ...placeOf(record) });
    return record;
  } catch (error) {
    const message = `the record can not be understood: ${(error as Error).message}`;
    findings.add({ kind: 'inconsistent-record', message, position: String(position) });
    return undefined;
  }
}

function verifyName(database: LogDatabase, record: StoredRecord, findings: Findings): void {
  const named = database.streamNumber(record.stream);
  if (named === record.streamNumber) return;
  const message =
    named === undefined
      ? `the name of the record's stream is not known, it should have the number ${record.streamNumber}`
      : `the name of the record's stream has the number ${named}, the record ${record.streamNumber}`;
  findings.add({ kind: named === undefined ? 'name-missing' : 'name-wrong', message, ...placeOf(record) });
}

function verifyIndexed(database: LogDatabase, record: StoredRecord, findings: Findings): boolean {
  const found = database.positionOf(record.streamNumber, record.revision);
  if (found === record.position) return true;
  const kind = found === undefined ? 'index-missing' : 'index-wrong';
  const message =
    found === undefined
      ? 'the index of the streams does not know this event'
      : `the index of the streams has another event at this revision, at ${found}`;
  findings.add({ kind, message, ...placeOf(record) });
  return false;
}

function verifyCanonical(record: StoredRecord, canonical: Canonical, findings: Findings): void {
  if (!record.isJson || record.type.startsWith(SYSTEM) || record.stream.startsWith(SYSTEM)) return;
  for (const part of ['data', 'customMetadata'] as const) {
    const bytes = record[part];
    if (part === 'customMetadata' && bytes.length === 0) continue;
    const why = whyNotCanonical(bytes, canonical);
    if (why === undefined) continue;
    const what = part === 'data' ? 'data' : 'metadata';
    findings.add({ kind: 'not-canonical', message: `the stored ${what} are not canonical JSON: ${why}`, ...placeOf(record) });
  }
}

function whyNotCanonical(bytes: Buffer, canonical: Canonical): string | undefined {
  let text: string;
  try {
    text = canonical(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    return error instanceof SyntaxError ? 'they are not JSON' : (error as Error).message;
  }
  return Buffer.from(text).equals(bytes) ? undefined : 'they are written otherwise';
}

function timeOf(milliseconds: number): string {
  return Number.isFinite(milliseconds) && Math.abs(milliseconds) <= 8.64e15
    ? new Date(milliseconds).toISOString()
    : String(milliseconds);
}
