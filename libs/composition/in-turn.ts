import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectedEventStore } from '@huicai/event-store';
import { Refusal } from '@huicai/kernel';
import { waitForPosition } from '@huicai/projections';
import type { Pool } from 'pg';
import { ourEvent } from './flows.js';

/** How long one waits for one's turn, and then for the read models to be level, milliseconds. */
const TURN_MS = 20_000;
const LEVEL_MS = 5_000;
/** Events looked at for the last one of ours. */
const LAST = 50;

/**
 * One after another, across processes: decisions that rest on what the one before has brought about, as told by read models. The lock
 * belongs to a session of PostgreSQL, so that a killed process lets go of it.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly store: Pick<ConnectedEventStore, 'readAll'>,
  ) {}

  /**
   * Runs the work when its turn has come and these views hold everything recorded before. A view that does not follow is not waited for
   * for ever: what it tells advises.
   *
   * @throws Refusal `assignment-busy` when the turn does not come; whatever the work throws
   */
  take<T>(views: readonly string[], work: () => Promise<T>): Promise<T> {
    // In line within the process first, so that those who wait hold one connection at most.
    const mine = this.last.then(() => this.alone(views, work));
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private async alone<T>(views: readonly string[], work: () => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let held = false;
    try {
      for (const deadline = Date.now() + TURN_MS; !held; ) {
        const { rows } = await client.query<{ held: boolean }>(
          "select pg_try_advisory_lock(hashtextextended('assignment', 0)) as held",
        );
        held = rows[0]!.held;
        if (!held && Date.now() > deadline) throw new Refusal('unavailable', 'assignment-busy');
        if (!held) await delay(10);
      }
      const head = await this.lastOfOurs();
      if (head !== undefined) await Promise.all(views.map((view) => waitForPosition(this.pool, view, head, LEVEL_MS)));
      return await work();
    } finally {
      // A connection that can not let go is closed, which lets go.
      const gone =
        !held ||
        (await client.query("select pg_advisory_unlock(hashtextextended('assignment', 0))").then(
          () => true,
          () => false,
        ));
      client.release(!gone);
    }
  }

  private async lastOfOurs(): Promise<bigint | undefined> {
    for await (const event of this.store.readAll({ backwards: true, maxCount: LAST })) if (ourEvent(event)) return event.position;
    return undefined;
  }
}
