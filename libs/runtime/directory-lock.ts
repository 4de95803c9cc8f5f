import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { inspectProcess } from './process-table.js';

/** The process that holds a lock file. */
export interface LockHolder {
  readonly pid: number;
  /** Start of that process as {@link inspectProcess} tells it; guards against a reused process id. */
  readonly startedAt: string;
  /** Process namespace (container) the id belongs to; absent where the system has none. */
  readonly namespace?: string;
}

const ownNamespace = namespaceOfThisProcess();

/** A directory is held by a process that is still running. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
  constructor(
    readonly lockFile: string,
    readonly holder: LockHolder | undefined,
    what: string,
  ) {
    const where = holder?.namespace !== ownNamespace && holder?.namespace !== undefined ? ' of another container' : '';
    const who = holder ? `process ${holder.pid}${where}` : 'a process that is just starting';
    super(`${what} is already in use by ${who} (lock file ${lockFile}). Stop it first, or choose another directory.`);
  }
}

// A lock appears with its whole content; an unreadable one is somebody's accident, and may still be in the writing.
const unreadableLockAgeMs = 5_000;

/**
 * Takes a lock file for this process and returns the function that gives it back. A lock left by a process that no longer
 * runs (kill -9, power loss, reused process id) is taken over.
 * @throws DirectoryInUseError when a running process, also this one, holds it.
 */
export function lockDirectory(lockFile: string, what: string): () => void {
  const startedAt = inspectProcess(process.pid)?.startedAt ?? '';
  const holder: LockHolder = { pid: process.pid, startedAt, ...(ownNamespace === undefined ? {} : { namespace: ownNamespace }) };
  const content = JSON.stringify(holder);
  while (!create(lockFile, content)) {
    const found = read(lockFile);
    if (found === undefined) continue;
    const current = parse(found.content);
    if (current ? isHeld(current) : found.ageMs < unreadableLockAgeMs) throw new DirectoryInUseError(lockFile, current, what);
    removeStale(lockFile, found.content);
  }
  return () => {
    if (read(lockFile)?.content === content) rmSync(lockFile, { force: true });
  };
}

/** The running process that holds a lock file, or undefined. */
export function lockHolder(lockFile: string): LockHolder | undefined {
  const found = read(lockFile);
  const holder = found && parse(found.content);
  return holder && isHeld(holder) ? holder : undefined;
}

function isHeld(holder: LockHolder): boolean {
  // A process of another container can not be seen from here; only a restart of the machine proves that it is gone.
  if (holder.namespace !== undefined && ownNamespace !== undefined && holder.namespace !== ownNamespace)
    return bootOf(holder.startedAt) === bootOf(inspectProcess(process.pid)?.startedAt ?? '');
  const info = inspectProcess(holder.pid);
  if (info === undefined || info.zombie) return false;
  return info.startedAt === '' || holder.startedAt === '' || info.startedAt === holder.startedAt;
}

const bootOf = (startedAt: string): string => startedAt.slice(0, startedAt.indexOf('/'));

// A link appears with its whole content, or not at all.
function create(lockFile: string, content: string): boolean {
  const draft = `${lockFile}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, content, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function namespaceOfThisProcess(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

function read(lockFile: string): { content: string; ageMs: number } | undefined {
  try {
    return { content: readFileSync(lockFile, 'utf8'), ageMs: Date.now() - statSync(lockFile).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(content: string): LockHolder | undefined {
  try {
    const value = JSON.parse(content) as Partial<LockHolder> | null;
    return typeof value?.pid === 'number' && typeof value.startedAt === 'string' ? (value as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

// Renamed before it is removed: of two processes that find the same stale lock, the slower one would otherwise remove the
// lock the faster one has just taken.
function removeStale(lockFile: string, staleContent: string): void {
  const aside = `${lockFile}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readFileSync(aside, 'utf8');
  if (moved !== staleContent) create(lockFile, moved);
  rmSync(aside, { force: true });
}
