import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

const LOCK_KEY = 4_807_301;

/** The lead over projections and timers, held as long as one PostgreSQL session lives. */
export interface Leadership {
  /** Aborts when the session that holds the lead is lost. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * Waits until this process leads. A leader that dies loses its session, so another takes over as soon as PostgreSQL notices.
 *
 * @param pollMs how often to ask, milliseconds
 */
export async function lead(url: string, signal: AbortSignal, pollMs = 500): Promise<Leadership | undefined> {
  while (!signal.aborted) {
    const client = new Client({
      connectionString: url,
      keepAlive: true,
      keepAliveInitialDelayMillis: 1_000,
      connectionTimeoutMillis: 3_000,
    });
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    try {
      await client.connect();
      const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [LOCK_KEY]);
      if (rows[0]?.won) {
        // A leader whose machine vanishes says no good-bye: PostgreSQL is to notice within seconds, not after its default two hours.
        await client.query('set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3');
        return { signal: lost.signal, release: () => client.end() };
      }
    } catch {
      // PostgreSQL is away: nobody can lead now, so ask again.
    }
    await client.end().catch(() => undefined);
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
