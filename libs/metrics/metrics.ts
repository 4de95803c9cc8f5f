import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * What this process measures, for Prometheus. Other parts add metrics of theirs by giving `registers: [registry]` to prom-client's
 * constructors; labels take few values, none of them personal, a stream's name or anything a caller chose.
 */
export class Metrics {
  readonly registry = new Registry();

  /** With what Node tells of its process: memory, processor time, event loop, garbage collection. Once per process. */
  static ofProcess(): Metrics {
    const metrics = new Metrics();
    collectDefaultMetrics({ register: metrics.registry });
    return metrics;
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
