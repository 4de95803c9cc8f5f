import { Counter } from 'prom-client';
import { Metrics, observeEventStore, readiness, serveMetrics } from './index.js';

/** Metrics and log lines of a process whose event store is told of. */
function observed() {
  const metrics = new Metrics();
  const lines: string[] = [];
  return { metrics, lines, observer: observeEventStore(metrics, (line) => void lines.push(line)) };
}

const dropped = (cause: string) => ({ state: 'dropped', since: Date.now() - 3_000, cause, attempts: 1 }) as const;

describe('the metrics of the event store', () => {
  it('are there before anything has happened', async () => {
    const { metrics, lines } = observed();
    const text = await metrics.text();
    expect(text).toContain('\nhuicai_eventstore_connected 0\n');
    expect(text).toContain('\nhuicai_eventstore_reconnects_total 0\n');
    expect(text).toContain('\nhuicai_eventstore_read_failures_total 0\n');
    for (const outcome of ['appended', 'conflict', 'unknown', 'refused'])
      expect(text).toContain(`\nhuicai_eventstore_append_seconds_count{outcome="${outcome}"} 0\n`);
    expect(lines).toEqual([]);
  });

  it('count what happens, and the log tells each change once, over several connections', async () => {
    const { metrics, lines, observer } = observed();
    observer.onConnection!({ state: 'connected' });
    observer.onConnection!(dropped('line cut'));
    // Another connection of the same process, which does not get through either, and then does.
    observer.onConnection!(dropped('refused'));
    expect(await metrics.text()).toContain('\nhuicai_eventstore_connected 0\n');
    observer.onConnection!({ state: 'connected' });
    observer.onConnection!({ state: 'connected' });
    observer.onAppend!('appended', 0.004);
    observer.onAppend!('unknown', 10);
    observer.onReadFailure!();
    const text = await metrics.text();
    expect(text).toContain('\nhuicai_eventstore_connected 1\n');
    expect(text).toContain('\nhuicai_eventstore_reconnects_total 1\n');
    expect(text).toContain('\nhuicai_eventstore_read_failures_total 1\n');
    expect(text).toContain('huicai_eventstore_append_seconds_bucket{le="0.005",outcome="appended"} 1\n');
    expect(text).toContain('huicai_eventstore_append_seconds_bucket{le="5",outcome="unknown"} 0\n');
    expect(lines).toEqual(['event store lost: line cut; trying again until it is back', 'event store back after 3 s']);
  });

  it('of two processes in one do not mix, and others can add theirs', async () => {
    const [one, other] = [observed(), observed()];
    one.observer.onReadFailure!();
    new Counter({ name: 'huicai_more_total', help: 'More', registers: [one.metrics.registry] }).inc();
    for (const line of ['read_failures_total 1\n', 'huicai_more_total 1\n']) expect(await one.metrics.text()).toContain(line);
    expect(await other.metrics.text()).toContain('read_failures_total 0\n');
    expect(await other.metrics.text()).not.toContain('huicai_more_total');
  });

  it('of a process tell what Node knows of it', async () => {
    const metrics = Metrics.ofProcess();
    expect(await metrics.text()).toMatch(/\nprocess_resident_memory_bytes \d+\n/);
    metrics.registry.clear();
  });
});

describe('readiness', () => {
  it('is there when every check finds that all is well, and never tells why one does not', async () => {
    const ok = async () => 'ok';
    expect(await readiness({ a: ok, b: ok })).toEqual({ status: 'ready', checks: { a: 'ok', b: 'ok' } });
    const fails = async () => Promise.reject(new Error('postgres://user:s3cret@db'));
    const found = await readiness({ a: ok, b: fails, c: async () => 'silent for 12 s' });
    expect(found).toEqual({ status: 'not-ready', checks: { a: 'ok', b: 'unavailable', c: 'silent for 12 s' } });
  });
});

it('a process without HTTP of its own serves both on its loopback address', async () => {
  const { metrics } = observed();
  let status: 'ready' | 'not-ready' = 'ready';
  let fails = false;
  const ready = async () => {
    if (fails) throw new Error('s3cret');
    return { status, checks: { a: 'b' } };
  };
  const server = await serveMetrics(metrics, ready, 0);
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  expect(await get('/metrics')).toEqual([200, metrics.contentType, await metrics.text()]);
  const json = 'application/json; charset=utf-8';
  expect(await get('/health/live')).toEqual([200, json, '{"status":"live"}']);
  expect(await get('/health/ready?x=1')).toEqual([200, json, '{"status":"ready","checks":{"a":"b"}}']);
  status = 'not-ready';
  expect(await get('/health/ready')).toEqual([503, json, '{"status":"not-ready","checks":{"a":"b"}}']);
  fails = true;
  expect(await get('/health/ready')).toEqual([500, json, '{"status":"failed"}']);
  for (const [path, method] of [
    ['/', 'GET'],
    ['/constructor', 'GET'],
    ['//', 'GET'],
    ['/metrics', 'POST'],
  ])
    expect((await get(path!, method))[0]).toBe(404);
  await expect(serveMetrics(metrics, ready, server.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await server.close();
  await server.close();
  await expect(get('/metrics')).rejects.toThrow();
});
