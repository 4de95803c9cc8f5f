import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Launcher } from '../../libs/embedded-eventstore/testing/server-process.js';

const MEGABYTE = 1024 * 1024;
const PAGE = 4096;

/** A file system of a few megabytes that a test may fill. */
export interface SmallDisk {
  /** Where it is for the test. */
  readonly path: string;
  /** Where it is for processes that are run by `launcher`. */
  readonly inside: string;
  readonly launcher: Launcher;
  remove(): Promise<void> | void;
}

/** A way to make a small disk. */
interface Kind {
  /** @throws Error saying why this can not be done here */
  probe(): void;
  make(megabytes: number): Promise<SmallDisk>;
}

const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });

/** A disk that root mounts, on a directory beside a place for what it is made of. */
function mountable(mount: (path: string, dir: string, megabytes: number) => void): Kind {
  const make = (megabytes: number): SmallDisk & { remove(): void } => {
    const dir = mkdtempSync(join(tmpdir(), 'small-disk-'));
    const path = join(dir, 'disk');
    const discard = () => rmSync(dir, { recursive: true });
    try {
      mkdirSync(path);
      mount(path, dir, megabytes);
    } catch (error) {
      discard();
      throw error;
    }
    const remove = () => {
      run('umount', path);
      discard();
    };
    return { path, inside: path, launcher: {}, remove };
  };
  return { probe: () => make(16).remove(), make: async (megabytes) => make(megabytes) };
}

const inMemory = mountable((path, _dir, megabytes) => {
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', path);
});

const inImage = mountable((path, dir, megabytes) => {
  const image = join(dir, 'image');
  run('truncate', '-s', `${megabytes}M`, image);
  // No blocks kept for root, who runs these tests then, and no journal that takes half of it.
  run('mkfs.ext4', '-q', '-m', '0', '-O', '^has_journal', image);
  run('mount', '-o', 'loop', image, path);
});

/** For a user who may not mount: in a namespace, which lives as long as its first process. */
const inNamespace: Kind = {
  probe: () => run('unshare', '-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()),
  make: async (megabytes) => {
    const dir = mkdtempSync(join(tmpdir(), 'small-disk-'));
    const script = 'mount -t tmpfs -o "size=$1m,mode=700" tmpfs "$2" && echo mounted && exec cat';
    const holder = spawn('unshare', ['-rm', 'sh', '-c', script, 'sh', `${megabytes}`, dir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'close');
    await once(holder.stdout, 'data');
    return {
      path: `/proc/${holder.pid}/root${dir}`,
      inside: dir,
      launcher: {
        execPath: 'nsenter',
        execArgv: ['-t', `${holder.pid}`, '-U', '-m', '--preserve-credentials', process.execPath],
      },
      remove: async () => {
        holder.stdin.end();
        await ended;
        rmSync(dir, { recursive: true });
      },
    };
  },
};

const kinds: Record<string, Kind> = {
  'in memory': inMemory,
  'in an ext4 image': inImage,
  'in a user namespace': inNamespace,
};

/** The kinds of small disk that can be made here, and why the others can not. */
export function possibleKinds(): { possible: [name: string, make: Kind['make']][]; reasons: string[] } {
  const possible: [string, Kind['make']][] = [];
  const reasons: string[] = [];
  for (const [name, { probe, make }] of Object.entries(kinds)) {
    try {
      probe();
      possible.push([name, make]);
    } catch (error) {
      reasons.push(`${name}: ${(error as Error).message.trim().replaceAll('\n', ' ')}`);
    }
  }
  return { possible, reasons };
}

/** A file that takes all the room there is but for `bytesLeft`, a multiple of a page; several can stand side by side. */
export function fillUp(disk: SmallDisk, { bytesLeft = 0 } = {}): { remove(): void } {
  const file = join(disk.path, `ballast-${randomUUID()}`);
  const descriptor = openSync(file, 'wx');
  let size = 0;
  try {
    for (const block of [Buffer.alloc(MEGABYTE), Buffer.alloc(PAGE)]) size += writeUntilFull(descriptor, block);
  } finally {
    closeSync(descriptor);
  }
  if (bytesLeft > 0) truncateSync(file, Math.max(0, size - bytesLeft));
  return { remove: () => rmSync(file) };
}

function writeUntilFull(descriptor: number, block: Buffer): number {
  let size = 0;
  for (;;) {
    try {
      const written = writeSync(descriptor, block);
      size += written;
      if (written < block.length) return size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return size;
      throw error;
    }
  }
}
