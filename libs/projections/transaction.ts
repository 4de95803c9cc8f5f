import type { Pool, PoolClient } from 'pg';

/** Does work in one transaction, which is rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const db = await pool.connect();
  try {
    await db.query('begin');
    const done = await work(db);
    await db.query('commit');
    db.release();
    return done;
  } catch (error) {
    await db.query('rollback').then(
      () => db.release(),
      () => db.release(true),
    );
    throw error;
  }
}
