import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { isOutage } from './outage.js';
import type { Queryable } from './queryable.js';

const LOCK_KEY = 4_807_301;

/** How often a leader says that it is there, milliseconds. */
const BEAT_MS = 1_000;
/** A leader whose word PostgreSQL has not confirmed for so long takes the lead for lost, milliseconds. Less than what others wait. */
const GIVE_UP_MS = 4_000;
/** Beats not heard by another worker, which then ends the leader's session, milliseconds. */
const SILENCE_MS = 5_000;

/** The lead over projections and timers, held as long as one PostgreSQL session lives. */
export interface Leadership {
  /** Aborts when the session that holds the lead is lost, or PostgreSQL no longer confirms it. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * Waits until this process leads.
 *
 * The lead is an advisory lock of a PostgreSQL session. A leader that dies closes its session, and another takes over at its next
 * question. A leader that freezes, or whose machine vanishes, keeps the session open; so it must also say once a second that it
 * is there. Whoever waits counts its words, by no clock that could be set, and ends the session of a leader that has been silent
 * for {@link SILENCE_MS}, together with a transaction it may have left open. What such a leader still tries when it wakes is
 * refused by the compare-and-set of the checkpoints, and a timer it fires is recognised by its command id.
 *
 * @param pollMs how often to ask, milliseconds
 * @returns undefined when the signal has aborted
 * @throws Error of PostgreSQL that says something else than that it is away
 */
export async function lead(url: string, signal: AbortSignal, pollMs = 500): Promise<Leadership | undefined> {
  const watch = new Watch(Math.ceil(SILENCE_MS / pollMs));
  let client: Client | undefined;
  try {
    while (!signal.aborted) {
      try {
        client ??= await connect(url);
        if (await tryLock(client)) {
          const term = await takeOffice(client);
          const held = new Lead(client, term);
          client = undefined;
          return held;
        }
        if (watch.silent(await lastBeat(client))) await removeLeader(client);
      } catch (error) {
        // PostgreSQL is away: nobody can lead now, so ask again.
        if (!isOutage(error)) throw error;
        await client?.end().catch(() => undefined);
        client = undefined;
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  } finally {
    await client?.end().catch(() => undefined);
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: 'huicai-lead',
    keepAlive: true,
    keepAliveInitialDelayMillis: 1_000,
    connectionTimeoutMillis: 3_000,
    query_timeout: GIVE_UP_MS,
  });
  // A session that breaks between two queries is told by the next one, and by the lead that listens itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // A leader whose machine vanishes says no good-bye: PostgreSQL is to notice within seconds even when nobody else waits.
    await client.query('set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3');
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [LOCK_KEY]);
  return rows[0]!.won;
}

/** Writes down who leads from now on; gives the number of the term. */
async function takeOffice(client: Client): Promise<string> {
  const { rows } = await client.query<{ term: string }>(
    `insert into ops.leader as l (name, term, beat, since, heartbeat) values ($1, 1, 0, now(), now()) on conflict (one)
     do update set name = excluded.name, term = l.term + 1, beat = 0, since = now(), heartbeat = now() returning term::text`,
    [`${hostname()}:${process.pid}`],
  );
  return rows[0]!.term;
}

async function lastBeat(client: Client): Promise<string> {
  const { rows } = await client.query<{ last: string }>(`select term || ' ' || beat as last from ops.leader`);
  return rows[0]?.last ?? 'none yet';
}

/** Ends the session that holds the lock, and those that have stood still in the middle of writing read models. */
async function removeLeader(client: Client): Promise<void> {
  await client.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objsubid = 1
     and database = (select oid from pg_database where datname = current_database()) and classid = 0 and objid = $1`,
    [LOCK_KEY],
  );
  await client.query(
    `select pg_terminate_backend(a.pid) from pg_stat_activity a where a.datname = current_database()
     and a.state like 'idle in transaction%' and a.state_change < clock_timestamp() - $1 * interval '1 millisecond'
     and exists (select 1 from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
       where l.pid = a.pid and l.database = a.datid and n.nspname like 'read\\_%' and c.relname = 'checkpoint' and l.mode = 'RowExclusiveLock')`,
    [GIVE_UP_MS],
  );
}

/** Counts how often the same word was heard. Looks are counted and not time, so that one who slept does not blame the leader. */
class Watch {
  private last: string | undefined;
  private looks = 0;

  constructor(private readonly patience: number) {}

  silent(word: string): boolean {
    this.looks = word === this.last ? this.looks + 1 : 0;
    this.last = word;
    return this.looks >= this.patience;
  }
}

/** The lead as its holder has it. */
class Lead implements Leadership {
  private readonly lost = new AbortController();
  private readonly ended = new AbortController();
  private confirmed = performance.now();
  private readonly beating: Promise<void>;
  private readonly watchdog: NodeJS.Timeout;

  constructor(
    private readonly client: Client,
    private readonly term: string,
  ) {
    client.on('error', () => this.lose());
    client.on('end', () => this.lose());
    this.watchdog = setInterval(() => {
      if (performance.now() - this.confirmed > GIVE_UP_MS) this.lose();
    }, BEAT_MS / 4);
    this.beating = this.beat();
  }

  get signal(): AbortSignal {
    return this.lost.signal;
  }

  async release(): Promise<void> {
    this.ended.abort();
    clearInterval(this.watchdog);
    await this.beating;
    await this.client.end();
  }

  private async beat(): Promise<void> {
    const stop = AbortSignal.any([this.lost.signal, this.ended.signal]);
    while (!stop.aborted) {
      await delay(BEAT_MS, undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) return;
      const asked = performance.now();
      try {
        const { rowCount } = await this.client.query(
          'update ops.leader set beat = beat + 1, heartbeat = now() where term = $1::int8',
          [this.term],
        );
        if (rowCount !== 1) return this.lose();
        this.confirmed = asked;
      } catch {
        return this.lose();
      }
    }
  }

  private lose(): void {
    clearInterval(this.watchdog);
    this.lost.abort();
    // A session that no longer answers would be waited for when it is to be ended in good order.
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

/** Who leads. Instants are PostgreSQL's. */
export interface LeaderStatus {
  /** Host and process id. */
  readonly name: string;
  readonly since: Date;
  /** When it last said that it leads. */
  readonly heartbeat: Date;
  /** Whether its session stands; without it nobody leads now, and this is who did last. */
  readonly leads: boolean;
}

/** Who leads, or led last; undefined before the first. @throws Error of PostgreSQL */
export async function leaderStatus(db: Queryable): Promise<LeaderStatus | undefined> {
  const { rows } = await db.query<LeaderStatus & Record<string, unknown>>(
    `select name, since, heartbeat, exists (select 1 from pg_locks where locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database()) and classid = 0 and objid = $1) as leads
     from ops.leader`,
    [LOCK_KEY],
  );
  return rows[0];
}
