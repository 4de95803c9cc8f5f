import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { createDataSource, DatabaseUnavailableError, entities, MigrationError, migrate, migrations } from './index.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

async function query<T extends object>(sql: string): Promise<T[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('migrate', () => {
  it('makes every durable schema, once, whoever starts at the same time', async () => {
    await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)));
    await migrate(database.url);
    const done = await query<{ name: string }>('select name from ops.migrations order by id');
    expect(done.map(({ name }) => name)).toEqual(migrations.map((m) => m.name));
    const schemas = await query<{ nspname: string }>(
      `select nspname from pg_namespace where nspname in ('vault', 'identity', 'access_log', 'ops', 'read') order by nspname`,
    );
    expect(schemas.map(({ nspname }) => nspname)).toEqual(['access_log', 'identity', 'ops', 'read', 'vault']);
    const left = await query<{ n: number }>(
      `select count(*)::int as n from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    expect(left).toEqual([{ n: 0 }]);
  });

  it('gives each migration a name whose time stamp orders it as listed', () => {
    const stamps = migrations.map((migration) => {
      const name = new migration().name ?? migration.name;
      expect(name).toBe(migration.name);
      expect(name).toMatch(/\D\d{13}$/);
      return Number(name.slice(-13));
    });
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    expect(new Set(stamps).size).toBe(stamps.length);
  });

  it('can be undone migration by migration', async () => {
    await migrate(database.url);
    const dataSource = await createDataSource(database.url, { max: 2 }).initialize();
    for (let i = 0; i < migrations.length; i += 1) await dataSource.undoLastMigration();
    await dataSource.destroy();
    expect(await query('select name from ops.migrations')).toEqual([]);
    await migrate(database.url);
  });

  it('fits the entities: TypeORM would change nothing about their columns', async () => {
    await migrate(database.url);
    const dataSource = await createDataSource(database.url, { max: 2 }).initialize();
    try {
      for (const entity of entities) {
        const { schema, tableName, columns } = dataSource.getMetadata(entity);
        const actual = await dataSource.query<{ column_name: string; data_type: string; is_nullable: string }[]>(
          'select column_name, data_type, is_nullable from information_schema.columns where table_schema = $1 and table_name = $2',
          [schema, tableName],
        );
        const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
        const wanted = columns.map((c) => ({ name: c.databaseName, nullable: c.isNullable }));
        const found = actual.map((c) => ({ name: c.column_name, nullable: c.is_nullable === 'YES' }));
        expect(found.sort(byName)).toEqual(wanted.sort(byName));
      }
    } finally {
      await dataSource.destroy();
    }
  });

  it('prints nothing, whether it succeeds or fails', async () => {
    const written = [
      jest.spyOn(process.stdout, 'write'),
      jest.spyOn(process.stderr, 'write'),
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((method) => jest.spyOn(console, method)),
    ];
    try {
      await query('create schema vault; create table vault.claims (id int)');
      await expect(migrate(database.url)).rejects.toThrow(MigrationError);
      await query('drop schema vault cascade');
      await migrate(database.url);
      await migrate(database.url);
      for (const spy of written) expect(spy).not.toHaveBeenCalled();
    } finally {
      for (const spy of written) spy.mockRestore();
    }
  });

  it('changes nothing when a migration fails, and says why', async () => {
    await query('create schema access_log; create table access_log.reads (id int)');
    const error: unknown = await migrate(database.url).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MigrationError);
    expect((error as Error).message).toContain('relation "reads" already exists');
    expect(await query(`select 1 from pg_namespace where nspname in ('vault', 'identity', 'ops')`)).toEqual([]);
    await query('drop schema access_log cascade');
    await migrate(database.url);
  });

  it('says that the connection was lost on the way', async () => {
    const blocker = new Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('select pg_advisory_lock(484224)');
    const migrating = migrate(database.url).catch((e: unknown) => e);
    const waiting = `select pid from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`;
    while ((await blocker.query(waiting)).rows.length === 0);
    await blocker.query(`select pg_terminate_backend(pid) from (${waiting}) as w`);
    const error = await migrating;
    await blocker.end();
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect((error as Error).message).toContain('terminating connection due to administrator command');
    await migrate(database.url);
  });
});

describe('a database that can not be reached', () => {
  const unreachable = async (change: (url: URL) => void): Promise<unknown> => {
    const url = new URL(database.url);
    url.password = 'hunter2-secret';
    change(url);
    return migrate(url.href).catch((e: unknown) => e);
  };

  it('is named without its password', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error = await unreachable((url) => {
      url.host = `127.0.0.1:${port}`;
    });
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect((error as Error).message).toBe(
      `PostgreSQL at 127.0.0.1:${port}${new URL(database.url).pathname} is not available: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
  });

  it('because it does not exist or hangs up is told so', async () => {
    const hangingUp = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(hangingUp, 'listening');
    const cut = await unreachable((url) => {
      url.host = `127.0.0.1:${(hangingUp.address() as AddressInfo).port}`;
    });
    hangingUp.close();
    await once(hangingUp, 'close');
    expect(cut).toBeInstanceOf(DatabaseUnavailableError);

    const missing: unknown = await migrate(database.url.replace(/test_\w+/, 'no_such_database')).catch((e: unknown) => e);
    expect(missing).toBeInstanceOf(DatabaseUnavailableError);
    expect((missing as Error).message).toContain('database "no_such_database" does not exist');
  });

  it('is told from an address that is no URL', async () => {
    await expect(migrate('not a url')).rejects.toThrow('an address that is no URL');
  });
});
