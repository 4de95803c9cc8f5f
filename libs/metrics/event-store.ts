import type { AppendOutcome, ConnectionState, EventStoreObserver } from '@huicai/event-store';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from './metrics.js';

const OUTCOMES: readonly AppendOutcome[] = ['appended', 'conflict', 'unknown', 'refused'];

/**
 * Measures what a process does with its event store, and writes a line to its log when the connection is lost and when it is back.
 * One observer serves all connections a process makes one after the other: it stays with what is known when the next begins.
 *
 * @param log takes one line, without line end
 */
export function observeEventStore({ registry }: Metrics, log: (line: string) => void): EventStoreObserver {
  const registers = [registry];
  const connected = new Gauge({
    name: 'huicai_eventstore_connected',
    help: 'Whether the event store can be reached: 1 or 0',
    registers,
  });
  const reconnects = new Counter({
    name: 'huicai_eventstore_reconnects_total',
    help: 'How often the event store was back after it had been lost',
    registers,
  });
  const appends = new Histogram({
    name: 'huicai_eventstore_append_seconds',
    help: 'How long appends took, by what came of them',
    labelNames: ['outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'huicai_eventstore_read_failures_total',
    help: 'Reads and attempts to subscribe that failed',
    registers,
  });
  for (const outcome of OUTCOMES) appends.zero({ outcome });
  let known: ConnectionState = { state: 'new' };
  return {
    onConnection(now) {
      connected.set(now.state === 'connected' ? 1 : 0);
      if (now.state === known.state) return;
      if (now.state === 'dropped') log(`event store lost: ${now.cause}; trying again until it is back`);
      if (known.state === 'dropped') {
        reconnects.inc();
        log(`event store back after ${Math.round((Date.now() - known.since) / 1_000)} s`);
      }
      known = now;
    },
    onAppend: (outcome, seconds) => appends.observe({ outcome }, seconds),
    onReadFailure: () => failures.inc(),
  };
}
