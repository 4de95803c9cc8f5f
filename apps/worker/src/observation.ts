import type { HuicaiSystem } from '@huicai/composition';
import { Metrics, type MetricsServer, observeEventStore, type Readiness, readiness, serveMetrics } from '@huicai/metrics';
import { ConfigurationError } from '@huicai/runtime';
import { observeWork } from './work-metrics.js';

/** What a worker shows of itself: metrics and readiness, on a port of its own when it is given one. */
export class Observation {
  readonly metrics = Metrics.ofProcess();
  readonly observer;
  readonly work;
  /** The running system; undefined until it has been opened, and between two attempts. */
  system: HuicaiSystem | undefined;

  constructor(private readonly log: (line: string) => void) {
    this.observer = observeEventStore(this.metrics, log);
    this.work = observeWork(this.metrics, () => this.system?.pool);
  }

  /**
   * Serves on HUICAI_WORKER_METRICS_PORT of the loopback address, and says where; 0 takes a free port, without a value it does not.
   *
   * @throws ConfigurationError when the value is no port; Error of the system when it is taken
   */
  async serve(env: NodeJS.ProcessEnv): Promise<MetricsServer | undefined> {
    const value = env.HUICAI_WORKER_METRICS_PORT;
    if (!value) return undefined;
    const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
    if (!(port <= 65_535))
      throw new ConfigurationError(`HUICAI_WORKER_METRICS_PORT must be a whole number from 0 to 65535, not "${value}".`);
    const server = await serveMetrics(this.metrics, () => this.ready(), port);
    this.log(`metrics on http://127.0.0.1:${server.port}/metrics`);
    return server;
  }

  private ready(): Promise<Readiness> {
    return readiness({ database: () => this.database(), eventStore: () => this.eventStore() });
  }

  private async database(): Promise<string> {
    if (!this.system) return 'not open';
    await this.system.pool.query('select 1');
    return 'ok';
  }

  private async eventStore(): Promise<string> {
    if (!this.system) return 'not open';
    for await (const _ of this.system.store.readAll({ backwards: true, maxCount: 1 })) break;
    return 'ok';
  }
}
