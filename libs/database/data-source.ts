import { DataSource, type Logger } from 'typeorm';
import { entities } from './entities.js';
import { migrations } from './migrations.js';

const DEFAULT_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;

/** TypeORM's own loggers print a failed migration even when logging is off; whoever catches the error logs it. */
const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

export type DataSourceSettings = {
  /** Most connections of the pool; 10 unless told. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
};

/**
 * A TypeORM data source over one PostgreSQL database; the caller initialises and destroys it. It never changes tables by
 * itself, and never logs statements or parameters.
 * @param url `postgres://user:password@host:port/database`, with libpq's parameters such as `sslmode` in the query.
 */
export function createDataSource(url: string, settings: DataSourceSettings = {}): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    poolSize: settings.max ?? DEFAULT_CONNECTIONS,
    applicationName: settings.applicationName ?? 'huicai',
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    schema: 'ops',
    entities,
    migrations,
    migrationsTableName: 'migrations',
    synchronize: false,
    logger: SILENT,
    // The tables need no extension, and installing one asks for rights the application's role should not have.
    installExtensions: false,
  });
}
