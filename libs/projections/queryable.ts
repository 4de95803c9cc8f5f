import { Pool, type PoolClient, types } from 'pg';

/** What both a pool and one of its clients can do. */
export interface Queryable {
  query<R extends object = Record<string, unknown>>(
    text: string,
    params?: unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>;
}

const DATE_OID = 1082;

/** A pool for read models. `date` columns stay `YYYY-MM-DD` strings: a calendar day has no instant. */
export const createReadPool = (url: string, max = 10): Pool => createPool(url, { max });

/**
 * A pool for one who writes read models: what is asked of a connection is sent at once, in order, without waiting for the answers to
 * what was asked before. It can not copy.
 */
export const createWritePool = (url: string, max = 4): Pool => createPool(url, { max, pipeline: true });

export const isWritePool = (pool: Pool): boolean => (pool.options as { readonly pipeline?: boolean }).pipeline === true;

function createPool(url: string, options: { readonly max: number; readonly pipeline?: boolean }): Pool {
  const pool = new Pool({
    connectionString: url,
    ...options,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: (oid, format) => (oid === DATE_OID ? (text: string) => text : types.getTypeParser(oid, format as never)),
    },
  } as ConstructorParameters<typeof Pool>[0]);
  // A connection that breaks (server restart) must not take the process down, be it idle or, between two queries of a transaction,
  // in somebody's hands; the next query fails or dials again.
  pool.on('error', () => undefined);
  const clients = new Set<PoolClient>();
  pool.on('connect', (client) => {
    clients.add(client);
    client.on('error', () => undefined);
  });
  pool.on('remove', (client) => clients.delete(client));
  open.set(pool, clients);
  return pool;
}

const open = new WeakMap<Pool, ReadonlySet<PoolClient>>();

/**
 * Breaks every connection of a pool, whatever is under way on it, for one who knows that nobody will answer: a network that loses
 * packets tells nobody so for many minutes. What was asked fails as when PostgreSQL is away; the pool dials again.
 */
export function breakConnections(pool: Pool): void {
  for (const client of open.get(pool) ?? [])
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
