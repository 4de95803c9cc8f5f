import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readiness } from './check.js';
import type { Metrics } from './metrics.js';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/health/ready` and `/health/live` of a process that has no HTTP of its own, on 127.0.0.1.
 *
 * @param port 0: the system chooses a free one
 * @throws Error of the system when it can not listen there
 */
export async function serveMetrics(metrics: Metrics, ready: () => Promise<Readiness>, port: number): Promise<MetricsServer> {
  const routes: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/metrics': async (response) => send(response, 200, metrics.contentType, await metrics.text()),
    '/health/live': async (response) => sendJson(response, 200, { status: 'live' }),
    '/health/ready': async (response) => {
      const found = await ready();
      sendJson(response, found.status === 'ready' ? 200 : 503, found);
    },
  };
  const server = createServer((request, response) => {
    const route = request.method === 'GET' && routes[(request.url ?? '/').split('?', 1)[0]!];
    if (!route) return sendJson(response, 404, { status: 'not-found' });
    route(response).catch(() => sendJson(response, 500, { status: 'failed' }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

const sendJson = (response: ServerResponse, status: number, body: object): void =>
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
