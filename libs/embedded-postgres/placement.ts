import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Account, canEnter } from './account.js';

/** Directories that may take a database whose own directory the server's account can not reach; the first usable one does. */
export const defaultShelters: readonly string[] = ['/var/lib/huicai', tmpdir()];

/**
 * The directory a database is kept in: the wanted one, or a shelter when the server's account can not enter that (it lies
 * below a private home folder, say). The choice is noted in the wanted directory, so that every later start makes the same.
 * @throws Error when no shelter is usable, or the one chosen earlier has vanished.
 */
export function placeDirectory(
  wanted: string,
  account: Account | undefined,
  shelters: readonly string[],
  notify: (message: string) => void,
): string {
  makeDirectory(wanted, account ? passable : 0o700);
  const directory = realpathSync(wanted);
  const note = join(directory, 'placed-at');
  if (existsSync(note)) return placedEarlier(note);
  if (!account) return directory;
  letPass(directory);
  if (canEnter(directory, account)) return directory;
  const place = takeShelter(directory, account, shelters);
  writeFileSync(note, `${place}\n`, { mode: 0o600, flush: true });
  notify(
    `PostgreSQL can not run as root, and the account it runs as can not enter ${directory}; the database is kept in ${place}.`,
  );
  return place;
}

// Only the directory we were given, never the folders above it; what lies in it keeps its own 0600 and 0700.
function letPass(directory: string): void {
  const stat = statSync(directory);
  if (stat.uid === process.getuid?.() && (stat.mode & 0o011) !== 0o011) chmodSync(directory, (stat.mode & 0o7777) | 0o011);
}

function placedEarlier(note: string): string {
  const place = readFileSync(note, 'utf8').trim();
  if (existsSync(place)) return place;
  throw new Error(
    `The database was kept in ${place}, which no longer exists. Restore it, or remove ${note} to begin with an empty one.`,
  );
}

function takeShelter(directory: string, account: Account, shelters: readonly string[]): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  for (const shelter of shelters) {
    const isShared = resolve(shelter) === resolve(tmpdir());
    const place = join(shelter, isShared ? `huicai-${hash}` : hash);
    if (!isUsable(place, account)) continue;
    if (existsSync(join(place, 'cluster'))) setAside(place);
    return place;
  }
  throw new Error(
    `The account PostgreSQL runs as can enter neither ${directory} nor a directory below ${shelters.join(' or ')}. ` +
      'Choose a data directory it can reach (HUICAI_DATA_DIR), or do not run as root.',
  );
}

function isUsable(place: string, account: Account): boolean {
  try {
    makeDirectory(place, passable);
    const stat = lstatSync(place);
    // In a shared folder another account may have put a directory or link of this name there first.
    if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) return false;
    return canEnter(place, account);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST') return false;
    throw error;
  }
}

// No note, but a database: the directory it belonged to was removed by hand. Starting empty is what its owner asked for; the
// last such database is kept all the same.
function setAside(place: string): void {
  const aside = join(dirname(place), `${basename(place)}.removed`);
  rmSync(aside, { recursive: true, force: true });
  renameSync(place, aside);
  makeDirectory(place, passable);
}

/** The server's account may pass through to its own cluster, nobody may list. */
const passable = 0o711;

// Sets the mode of all it creates, which the umask may have narrowed, and of nothing that was there before.
function makeDirectory(path: string, mode: number): void {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = resolve(path); made.startsWith(first); made = dirname(made)) chmodSync(made, mode);
}
