import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Thrown when another process, or this one, already serves the directory. */
export class DirectoryLockedError extends Error {}

interface Owner {
  pid: number;
  /** When the process started, as the system words it: tells a reused pid from the owner. */
  started: string;
  /** Machine boot and process namespace: outside of it the pid means nothing. */
  scope: string;
  nonce: string;
}

/**
 * Exclusive use of a directory by one process. LMDB would let a second process write, unaware of the first one's heads.
 * The lock is a file naming its owner; it outlives a killed owner, whose absence the next one notices.
 */
export class DirectoryLock {
  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {}

  /** Locks `dir`, taking over a lock whose owner is gone. @throws DirectoryLockedError */
  static acquire(dir: string): DirectoryLock {
    const path = join(dir, 'server.lock');
    const nonce = randomUUID();
    const owner: Owner = { pid: process.pid, started: startOf(process.pid) ?? '', scope: scope(), nonce };
    const content = JSON.stringify(owner);
    const draft = `${path}.${nonce}`;
    writeFileSync(draft, content, { mode: 0o600 });
    try {
      // A link appears with its whole content, or not at all.
      while (!tryLink(draft, path)) removeStale(path, `${draft}.stale`);
    } finally {
      unlinkSync(draft);
    }
    return new DirectoryLock(path, content);
  }

  /** Gives the directory free; a lock that someone else has meanwhile taken over is left alone. */
  release(): void {
    if (readIfPresent(this.path) === this.content) unlinkSync(this.path);
  }
}

function removeStale(path: string, aside: string): void {
  const content = readIfPresent(path);
  if (content === undefined) return;
  assertStale(path, content);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  // Between reading and renaming, another starter may have put its own lock there.
  const moved = readFileSync(aside, 'utf8');
  if (moved !== content) tryLink(aside, path);
  unlinkSync(aside);
}

function assertStale(path: string, content: string): void {
  const owner = parseOwner(content);
  if (!owner) throw new DirectoryLockedError(`${path} is not a lock of this server; remove it if no server uses the directory`);
  if (owner.scope !== scope()) {
    if (bootOf(owner.scope) !== bootOf(scope())) return;
    throw new DirectoryLockedError(
      `${path} belongs to a process in another container; remove it if that one is no longer running`,
    );
  }
  const started = startOf(owner.pid);
  if (started === undefined || (started !== '' && owner.started !== '' && started !== owner.started)) return;
  throw new DirectoryLockedError(`the directory is in use by the process ${owner.pid} (${path})`);
}

/** Start time of a process as the system words it; `undefined` if there is none, '' if it can not be found out. */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined;
    if (!isErrno(error, 'EPERM')) throw error;
  }
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command, in brackets, may itself hold spaces and brackets; start time is the 20th field after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie has died already; only its parent has not noticed.
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') return '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // Gone between the two questions, or not visible: the caller treats an unknown start as alive.
    return '';
  }
}

function scope(): string {
  if (process.platform !== 'linux') return process.platform;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Hardened systems may hide these; then only the pid is compared.
    return 'linux';
  }
}

function bootOf(value: string): string {
  return value.split(' ')[0]!;
}

function parseOwner(content: string): Owner | undefined {
  try {
    const owner = JSON.parse(content) as Partial<Owner>;
    return typeof owner.pid === 'number' && typeof owner.started === 'string' && typeof owner.scope === 'string'
      ? (owner as Owner)
      : undefined;
  } catch {
    return undefined;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
