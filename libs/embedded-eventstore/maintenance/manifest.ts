import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const MANIFEST_FILE = 'manifest.json';
const MANIFEST_FORMAT = 'huicai-eventstore-backup-1';

/** What a backup says about itself. */
export interface BackupManifest {
  format: typeof MANIFEST_FORMAT;
  /** Identity of the store it was taken from, and of every store restored from it. */
  nodeId: string;
  /** Decimal position of the newest event. */
  lastPosition: string;
  /** Number of events, those of the server itself included. */
  events: number;
  /** When the copy was complete, ISO 8601 in UTC. Every event acknowledged before the command started is in it. */
  created: string;
  dataFile: { bytes: number; sha256: string };
}

/** Thrown when a directory is no backup, or no longer the one it was. */
export class BackupError extends Error {}

/** The manifest of a backup. */
export function describeBackup(about: Omit<BackupManifest, 'format'>): BackupManifest {
  return { format: MANIFEST_FORMAT, ...about };
}

/** Reads a backup's manifest; undefined if the directory has none. @throws BackupError when it can not be understood */
export async function readManifest(dir: string): Promise<BackupManifest | undefined> {
  const file = join(dir, MANIFEST_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let manifest: Partial<BackupManifest> | null;
  try {
    manifest = JSON.parse(text) as Partial<BackupManifest> | null;
  } catch (cause) {
    throw new BackupError(`${file} is damaged: it is not JSON`, { cause });
  }
  if (manifest?.format !== MANIFEST_FORMAT) {
    throw new BackupError(`${file} has the format ${JSON.stringify(manifest?.format)}, expected "${MANIFEST_FORMAT}"`);
  }
  if (typeof manifest.dataFile?.sha256 !== 'string' || typeof manifest.dataFile.bytes !== 'number') {
    throw new BackupError(`${file} is damaged: it lacks the checksum`);
  }
  return manifest as BackupManifest;
}

/** SHA-256 of a file in hexadecimal, and its size. @param onBytes told of the bytes read so far */
export async function hashFile(
  file: string,
  onBytes?: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<BackupManifest['dataFile']> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes?.(bytes);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** @throws BackupError when a file is not the one the manifest describes */
export function assertSame(file: string, found: BackupManifest['dataFile'], manifest: BackupManifest): void {
  if (found.sha256 === manifest.dataFile.sha256) return;
  throw new BackupError(
    `${file} is not what was backed up: it has ${found.bytes} bytes with SHA-256 ${found.sha256}, ` +
      `the manifest says ${manifest.dataFile.bytes} bytes with ${manifest.dataFile.sha256}`,
  );
}
