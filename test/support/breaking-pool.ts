import { createWritePool } from '@huicai/projections';
import type { Pool } from 'pg';

/** What a database's connections do when their n-th statement since the last call is sent: nothing, or break. */
export class BreakingPool {
  private sent = 0;
  private onItsWay = false;
  private breakAt = Number.POSITIVE_INFINITY;
  private onBreak: () => void = () => undefined;
  readonly pool: Pool;

  constructor(url: string) {
    this.pool = createWritePool(url);
    this.pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
      (client as { query: unknown }).query = (...args: unknown[]) => {
        if (++this.sent !== this.breakAt) return query(...args);
        // Once on its way, nobody knows whether the statement took effect.
        const answer = this.onItsWay ? query(...args) : undefined;
        stream.destroy();
        this.onBreak();
        return answer ?? query(...args);
      };
    });
  }

  /**
   * @param onItsWay break just after the statement was sent, not before
   * @returns whether it came to that
   */
  async whileBreakingAt(n: number, onItsWay: boolean, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const crash = new AbortController();
    Object.assign(this, { sent: 0, onItsWay, breakAt: n, onBreak: () => crash.abort() });
    await work(crash.signal);
    this.breakAt = Number.POSITIVE_INFINITY;
    return crash.signal.aborted;
  }
}
