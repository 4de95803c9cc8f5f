// One PostgreSQL for the whole run; suites make databases of their own on it (test/support/database.ts). A server named by
// TEST_DATABASE_URL is used instead when set.
require('./typescript-hook.cjs');
const { mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { lockHolder } = require('../../libs/runtime/directory-lock.ts');
const { startEmbeddedPostgres } = require('../../libs/embedded-postgres/index.ts');

const prefix = 'huicai-test-postgres-';

module.exports = async () => {
  if (process.env.TEST_DATABASE_URL) return;
  removeLeftovers();
  const dir = mkdtempSync(join(tmpdir(), prefix));
  const postgres = await startEmbeddedPostgres({ dir, durable: false });
  process.env.TEST_DATABASE_URL = postgres.url;
  globalThis.__huicaiTestPostgres = {
    stop: async () => {
      await postgres.stop();
      for (const path of [dir, postgres.dir]) rmSync(path, { recursive: true, force: true });
    },
  };
};

// Of runs that were killed: nobody holds their lock any more.
function removeLeftovers() {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const dir = join(tmpdir(), name);
    const isMine = !process.getuid || require('node:fs').statSync(dir).uid === process.getuid();
    if (isMine && !lockHolder(join(dir, 'owner.lock'))) rmSync(dir, { recursive: true, force: true });
  }
}
