import { type SystemStatus, systemStatus, type WorkerObserver } from '@huicai/composition';
import type { Metrics } from '@huicai/metrics';
import type { Queryable } from '@huicai/projections';
import { Counter, Gauge, Histogram } from 'prom-client';

/** What the database says serves one scrape, milliseconds. */
const SCRAPE_MS = 500;

/** How the read models and timers of a worker stand; `db` gives the database to ask, undefined while there is none. */
export function observeWork({ registry }: Metrics, db: () => Queryable | undefined): WorkerObserver {
  const registers = [registry];
  const events = new Counter({
    name: 'huicai_projection_events_total',
    help: 'Events given to a projection by this worker',
    labelNames: ['projection'],
    registers,
  });
  const batches = new Histogram({
    name: 'huicai_projection_batch_seconds',
    help: 'From the arrival of a batch to its commit, waiting for a database that is away included',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const leader = new Gauge({ name: 'huicai_leader', help: 'Whether this worker leads: 1 or 0', registers });
  const current = fresh(async () => {
    const from = db();
    return from && (await systemStatus(from, new Date()).catch(() => undefined));
  });
  const byProjection = (name: string, help: string, of: (one: SystemStatus['projections'][number]) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['projection'],
      registers,
      async collect() {
        const status = await current();
        this.reset();
        for (const one of status?.projections ?? []) {
          const value = of(one);
          if (value !== null) this.set({ projection: one.name }, value);
        }
      },
    });
  byProjection(
    'huicai_projection_lag_seconds',
    'Age of the instant up to which a projection holds everything',
    (p) => p.lagSeconds,
  );
  byProjection('huicai_projection_failed', 'Whether a projection has stopped: 1 or 0', (p) => (p.failed === null ? 0 : 1));
  byProjection('huicai_dead_letters', 'Events missing from a projection', (p) => p.deadLetters);
  const byReaction = (
    name: string,
    help: string,
    of: (one: SystemStatus['reactions'][number]) => Readonly<Record<string, number>>,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['reaction', 'state'],
      registers,
      async collect() {
        const status = await current();
        this.reset();
        for (const one of status?.reactions ?? [])
          for (const [state, value] of Object.entries(of(one))) this.set({ reaction: one.name, state }, value);
      },
    });
  byReaction('huicai_reaction_events', 'Events a reaction has not handled, by what becomes of them', (r) => ({
    retrying: r.retrying,
    waiting: r.waiting,
    parked: r.parked,
    skipped: r.skipped,
  }));
  byReaction('huicai_reaction_state', 'Whether a reaction goes on or stands still: 1 or 0', ({ stopped }) => ({
    running: stopped === null ? 1 : 0,
    stopped: stopped === null ? 0 : 1,
  }));
  const ofTimers = (name: string, help: string, of: (timers: SystemStatus['timers']) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const status = await current();
        this.set(status ? of(status.timers) : Number.NaN);
      },
    });
  ofTimers('huicai_timers_due', 'Timers whose due has passed and that were not fired', (timers) => timers.due);
  ofTimers('huicai_timers_failing', 'Timers that could not be fired and are tried again', (timers) => timers.failing);
  ofTimers(
    'huicai_timers_lag_seconds',
    'How long the oldest of them that has not failed is past its due',
    (timers) => timers.lagSeconds,
  );
  return {
    onBatch(taken, seconds) {
      for (const [projection, count] of taken) events.inc({ projection }, count);
      batches.observe(seconds);
    },
    onLead: (leads) => leader.set(leads ? 1 : 0),
  };
}

/** Asks once for all gauges of a scrape. */
function fresh<T>(ask: () => Promise<T>): () => Promise<T> {
  let last: { at: number; found: Promise<T> } | undefined;
  return () => {
    if (!last || performance.now() - last.at > SCRAPE_MS) last = { at: performance.now(), found: ask() };
    return last.found;
  };
}
