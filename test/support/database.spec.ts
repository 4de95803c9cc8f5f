import { Client } from 'pg';
import { createTestDatabase } from './database.js';

describe('createTestDatabase', () => {
  it('gives each caller an empty database of its own, and removes it with connections open', async () => {
    const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const client = new Client({ connectionString: first.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('CREATE TABLE t (i int)');
    const other = new Client({ connectionString: second.url });
    await other.connect();
    const tables = await other.query("SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'");
    expect(tables.rows).toEqual([{ n: 0 }]);
    await other.end();
    const closed = new Promise((resolve) => client.once('end', resolve));
    await first.drop();
    await closed;
    await second.drop();
    await first.drop();
  });
});
