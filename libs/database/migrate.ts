import { MigrationExecutor, type QueryRunner } from 'typeorm';
import { createDataSource } from './data-source.js';
import { toDatabaseError } from './errors.js';

/** "huicai" on a telephone keypad: any number will do that no other program takes in the same database. */
const MIGRATION_LOCK = 484224;
const LOCK_WAIT_SECONDS = 120;

/**
 * Brings the durable schemas up to date, all pending migrations in one transaction. Processes that start at once take turns;
 * prints nothing.
 * @throws DatabaseUnavailableError when the server can not be reached or the connection is lost on the way,
 * MigrationError for anything else; in both cases nothing was changed.
 */
export async function migrate(url: string): Promise<void> {
  const dataSource = createDataSource(url, { max: 2, applicationName: 'huicai-migrate' });
  try {
    await dataSource.initialize();
    const runner = dataSource.createQueryRunner();
    try {
      await runUnderLock(runner);
    } finally {
      await runner.release();
    }
  } catch (error) {
    throw toDatabaseError(error, url);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** Lock and migrations share one connection, so that losing it gives up both. */
async function runUnderLock(runner: QueryRunner): Promise<void> {
  await runner.startTransaction();
  try {
    await runner.query(`set local lock_timeout = '${LOCK_WAIT_SECONDS}s'`);
    await runner.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await runner.query("set local client_min_messages = 'warning'");
    await runner.query('create schema if not exists ops');
    await runner.query('create schema if not exists read');
    const executor = new MigrationExecutor(runner.dataSource, runner);
    executor.transaction = 'all';
    await executor.executePendingMigrations();
    await runner.commitTransaction();
  } catch (error) {
    // The first error tells what went wrong; on a lost connection there is nothing left to roll back.
    if (!runner.isReleased && runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}
