import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { lockDirectory } from '@huicai/runtime';
import { DATA_FILE, flushDirectory, READERS_FILE } from '../storage/environment.js';
import { assertSame, BackupError, type BackupManifest, readManifest } from './manifest.js';
import { assertDatabase, assertRoomFor, type CommandOptions, flushFile } from './snapshot.js';
import { type VerifyReport, verifyFiles } from './verify.js';

export interface RestoreOptions extends CommandOptions {
  /** The backup. */
  from: string;
  /** Directory of the database; made if missing. No server may hold it. */
  dir: string;
  /** Move a database that is there aside instead of refusing. Certificates and password files stay where they are. */
  replace?: boolean;
}

export interface RestoreResult {
  manifest: BackupManifest;
  report: VerifyReport;
  /** Directory that the database went to that was there before. */
  replaced: string | undefined;
}

/** Thrown when the target holds a database that was not to be replaced. */
export class TargetInUseError extends Error {}

const DRAFT = 'restoring';

/**
 * Puts the database of a backup into place. It is copied beside its place, compared with the manifest and verified as a
 * whole; only then one rename makes it the database. Until that moment, whatever happens, nothing has changed.
 * @throws BackupError for what is no backup or a damaged one, TargetInUseError, DirectoryInUseError, NoRoomError
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const { from, replace = false } = options;
  const dir = resolve(options.dir);
  const manifest = await readManifest(from);
  if (!manifest) throw new BackupError(`${from} is not a backup: it has no manifest`);
  assertDatabase(from);
  const isNew = !existsSync(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(join(dir, 'server.lock'), `The event store directory ${dir}`);
  try {
    if (!replace && existsSync(join(dir, DATA_FILE))) {
      throw new TargetInUseError(`${dir} holds a database already; --replace moves it aside`);
    }
    await removeDrafts(dir);
    const draft = join(dir, `${DRAFT}-${process.pid}`);
    await mkdir(draft, { mode: 0o700 });
    try {
      await copyChecked(join(from, DATA_FILE), join(draft, DATA_FILE), manifest, options);
      const report = await verifyFiles(draft, manifest, { ...options, limit: 10 });
      if (report.findingCount > 0) throw unsound(from, report);
      const replaced = await switchTo(draft, dir);
      if (isNew) flushDirectory(dirname(dir));
      return { manifest, report, replaced };
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } finally {
    unlock();
  }
}

/** What an interrupted restore has left behind: the lock is held, so nobody works on it. */
async function removeDrafts(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(`${DRAFT}-`)) await rm(join(dir, name), { recursive: true });
  }
}

async function copyChecked(source: string, target: string, manifest: BackupManifest, options: RestoreOptions): Promise<void> {
  const { size } = await stat(source);
  await assertRoomFor(size, dirname(target));
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      options.onProgress?.({ phase: 'copying', done: bytes, total: size, unit: 'bytes' });
      done(null, chunk);
    },
  });
  const from = createReadStream(source, { highWaterMark: 1024 * 1024 });
  await pipeline(from, count, createWriteStream(target, { mode: 0o600 }), { signal: options.signal });
  assertSame(source, { bytes, sha256: hash.digest('hex') }, manifest);
  await flushFile(target);
}

/** One rename: before it the old database is in place and has a second name in the directory returned, after it the new one. */
async function switchTo(draft: string, dir: string): Promise<string | undefined> {
  const current = join(dir, DATA_FILE);
  const replaced = existsSync(current) ? await setAside(current, dir) : undefined;
  try {
    await rename(join(draft, DATA_FILE), current);
  } catch (error) {
    if (replaced !== undefined) await rm(replaced, { recursive: true });
    throw error;
  }
  // It speaks of the readers of the old one.
  await rm(join(dir, READERS_FILE), { force: true });
  flushDirectory(dir);
  return replaced;
}

async function setAside(file: string, dir: string): Promise<string> {
  const name = `replaced-${new Date().toISOString().replaceAll(':', '-')}`;
  // Beside the directory; or in it, where the directory is a file system of its own.
  let failure: unknown;
  for (const aside of [`${dir}.${name}`, join(dir, name)]) {
    try {
      await mkdir(aside, { mode: 0o700 });
      await link(file, join(aside, DATA_FILE));
      flushDirectory(aside);
      flushDirectory(dirname(aside));
      return aside;
    } catch (error) {
      failure = error;
      await rm(aside, { recursive: true, force: true });
      if (!['EXDEV', 'EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) break;
    }
  }
  throw failure;
}

function unsound(from: string, report: VerifyReport): BackupError {
  const shown = report.findings.slice(0, 3).map(({ message }) => message);
  return new BackupError(`the database in ${from} is not sound, ${report.findingCount} findings: ${shown.join('; ')}`);
}
