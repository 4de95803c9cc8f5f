import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '@huicai/kernel';
import type { LogDatabase } from '../storage/database.js';
import { DATA_FILE } from '../storage/environment.js';
import { type Finding, Findings } from './findings.js';
import { assertSame, BackupError, type BackupManifest, hashFile, readManifest } from './manifest.js';
import { assertDatabase, beside, type CommandOptions, copyDatabase, tryLock, withDatabase } from './snapshot.js';
import { verifyIndex, verifyNames } from './verify-indexes.js';
import { type LogSummary, verifyLog } from './verify-log.js';

export interface VerifyOptions extends CommandOptions {
  /** A database, whose server may run, or a backup. */
  dir: string;
  /** Also demand that JSON events outside the system streams are stored as canonical JSON (RFC 8785). */
  canonical?: boolean;
  /** Most findings to keep; all are counted. Default 100. */
  limit?: number;
  /** Where the copy of a running server's database is made for the while; default beside the database. */
  scratch?: string;
}

export interface VerifyReport {
  /** Number of findings; 0 for a sound database. */
  findingCount: number;
  /** The first of them, up to the limit. */
  findings: Finding[];
  events: number;
  /** Bytes of all records. */
  bytes: number;
  streams: number;
  /** Decimal; everything up to here was looked at. */
  lastPosition: string;
  /** Was a copy looked at because the server runs? */
  copied: boolean;
  /** Of the walks, without making a copy. */
  seconds: number;
}

const NODE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Compares everything stored with everything else: log, index of the streams, names, and a backup's manifest. Changes
 * nothing. Of a running server it looks at a copy, as large as the database and removed afterwards: beside the server
 * nobody can open its database (see `openEnvironment`).
 * @throws StorageFormatError when there is no database or one of another format, NoRoomError, ServerControlError
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { dir, signal } = options;
  assertDatabase(dir);
  const manifest = await readManifest(dir);
  const unlock = lockToRead(dir, manifest !== undefined);
  if (unlock) {
    try {
      return await verifyFiles(dir, manifest, options);
    } finally {
      unlock();
    }
  }
  const copy = beside(options.scratch === undefined ? dir : join(options.scratch, 'eventstore'), 'verify');
  await copyDatabase(dir, copy, options);
  try {
    signal?.throwIfAborted();
    return { ...(await verifyFiles(copy, undefined, options)), copied: true };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** As `verify`, of a directory that only this process uses. @param manifest what it must agree with */
export async function verifyFiles(
  dir: string,
  manifest: BackupManifest | undefined,
  options: Omit<VerifyOptions, 'dir'>,
): Promise<VerifyReport> {
  const findings = new Findings(options.limit ?? 100);
  if (manifest) await verifyChecksum(dir, manifest, findings, options);
  return await withDatabase(dir, async (database) => {
    const started = performance.now();
    const summary = await walk(database, findings, options);
    const { records, names } = database.counts();
    if (!NODE_ID.test(database.nodeId))
      findings.add({ kind: 'node-id', message: `the node id is not a UUID: ${database.nodeId}` });
    if (manifest) verifyManifest(manifest, database.nodeId, summary, findings);
    return {
      findingCount: findings.count,
      findings: findings.kept,
      events: records,
      bytes: summary.bytes,
      streams: names,
      lastPosition: String(summary.lastPosition),
      copied: false,
      seconds: (performance.now() - started) / 1000,
    };
  });
}

async function walk(database: LogDatabase, findings: Findings, options: Omit<VerifyOptions, 'dir'>): Promise<LogSummary> {
  const { onProgress, signal } = options;
  const { records, indexEntries, names } = database.counts();
  const step = (phase: 'verifying the log' | 'verifying the indexes' | 'verifying the names', total: number) => {
    const unit = phase === 'verifying the log' ? 'events' : phase === 'verifying the names' ? 'names' : 'entries';
    return async (done: number) => {
      onProgress?.({ phase, done, total, unit });
      // The process is to hear signals, and who else lives in it is to go on.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    };
  };
  let summary: LogSummary = { records: 0, bytes: 0, lastPosition: 0, indexed: 0 };
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (signal?.aborted || !isLmdbError(error)) throw error;
      findings.add({ kind: 'unreadable', message: `${what} can not be read to its end: ${error.message}` });
    }
  };
  await attempt('the log', async () => {
    const canonical = options.canonical ? canonicalJson : undefined;
    summary = await verifyLog(database, findings, canonical, step('verifying the log', records));
  });
  const suspicious = summary.indexed !== indexEntries;
  await attempt('the index of the streams', () =>
    verifyIndex(database, findings, suspicious, step('verifying the indexes', indexEntries)),
  );
  await attempt('the names', () => verifyNames(database, findings, step('verifying the names', names)));
  return summary;
}

/** Undefined while a server holds the directory. A backup on a medium nobody can write to needs no lock. */
function lockToRead(dir: string, isBackup: boolean): (() => void) | undefined {
  try {
    return tryLock(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isBackup && (code === 'EROFS' || code === 'EACCES')) return () => undefined;
    throw error;
  }
}

async function verifyChecksum(dir: string, manifest: BackupManifest, findings: Findings, options: CommandOptions): Promise<void> {
  const file = join(dir, DATA_FILE);
  const onBytes = (done: number) =>
    options.onProgress?.({ phase: 'hashing', done, total: manifest.dataFile.bytes, unit: 'bytes' });
  try {
    assertSame(file, await hashFile(file, onBytes, options.signal), manifest);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    findings.add({ kind: 'manifest', message: error.message });
  }
}

function verifyManifest(manifest: BackupManifest, nodeId: string, summary: LogSummary, findings: Findings): void {
  const found = { nodeId, events: summary.records, lastPosition: String(summary.lastPosition) };
  for (const key of ['nodeId', 'events', 'lastPosition'] as const) {
    if (manifest[key] === found[key]) continue;
    findings.add({ kind: 'manifest', message: `the manifest says ${key} ${manifest[key]}, the database ${found[key]}` });
  }
}

/** LMDB's own errors carry its negative or the operating system's number as code. */
function isLmdbError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'number';
}
