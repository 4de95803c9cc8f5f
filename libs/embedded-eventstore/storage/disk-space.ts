import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE } from './environment.js';
import type { StoredRecord } from './record.js';

/** Thrown when the disk has not the room a write may take, or the process may not write files that long. */
export class DiskFullError extends Error {}

/** Bytes an environment takes at first, and then some: it maps files whose pages the disk must be able to give. */
const FIRST_BYTES = 1024 * 1024;
/** Bytes that any commit may take for the upper pages of its trees and for the list of free ones. */
const COMMIT_BYTES = 256 * 1024;
/** Bytes of pages that each stream of a commit may touch on its own: index and name, both split. */
const STREAM_BYTES = 16 * 1024;

/**
 * Asks for room before LMDB writes. LMDB itself survives a full disk only by luck: a mapped page without a block behind it
 * ends the process by SIGBUS, and reporting a failed write overruns a buffer. A commit refused beforehand has one clear
 * cause. What this can not see, as a quota or somebody who fills the disk at the same moment, still ends the process.
 */
export class DiskSpace {
  private readonly mostBytes = fileSizeLimit();

  constructor(private readonly dir: string) {}

  /** @throws DiskFullError when the directory can not be used */
  assertRoomToOpen(): void {
    this.assertRoom(FIRST_BYTES);
  }

  /** @throws DiskFullError when a commit of these records might not find room */
  assertRoomFor(records: readonly StoredRecord[]): void {
    const streams = new Set<number>();
    let bytes = 0;
    for (const record of records) {
      streams.add(record.streamNumber);
      bytes += record.bytes.length;
    }
    // A record takes whole pages when it is large, and half empty ones when it is not.
    const needed = COMMIT_BYTES + 2 * bytes + streams.size * STREAM_BYTES;
    this.assertRoom(needed);
    this.assertMayGrow(needed);
  }

  private assertRoom(needed: number): void {
    const { bavail, bsize } = statfsSync(this.dir);
    const free = bavail * bsize;
    if (free < needed) throw new DiskFullError(`no space left on the disk of ${this.dir}: ${free} bytes free, ${needed} needed`);
  }
  /** The log only grows, so whatever is needed lengthens its file. */
  private assertMayGrow(needed: number): void {
    if (this.mostBytes === Number.POSITIVE_INFINITY) return;
    const file = join(this.dir, DATA_FILE);
    const room = this.mostBytes - statSync(file).size;
    if (room < needed)
      throw new DiskFullError(`no space left in ${file}: ${room} bytes to the file size limit of this process, ${needed} needed`);
  }
}

/** Bytes this process may make a file long (`ulimit -f`); infinite where there is no limit. */
function fileSizeLimit(): number {
  // Looking up the names of network addresses is all that takes time here.
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report;
  const excluded = report.excludeNetwork ?? false;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { file_size_blocks?: { soft?: number | string } } };
  report.excludeNetwork = excluded;
  // Node names them blocks and gives bytes.
  const soft = userLimits?.file_size_blocks?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
