import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigurationError } from '@huicai/runtime';

/** A run that was killed a moment ago needs this long to let go of its port. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 100;

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program. Stop that one, or choose another port with PORT (0 takes a free one).',
  EACCES: 'may not be taken by this account. Choose one from 1024 on with PORT.',
  EADDRNOTAVAIL: 'can not be taken: this machine has no such address. Correct HUICAI_HOST.',
  ENOTFOUND: 'can not be taken: no such host is known. Correct HUICAI_HOST.',
};

/**
 * Looks whether the API's port can be had, before anything is started for it. 0 always can.
 * @throws ConfigurationError saying why not
 */
export async function refuseTakenPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const code = await tryPort(host, port);
    if (code === undefined) return;
    const why = WHY[code];
    // What is not known here is told by the API itself when it starts.
    if (why === undefined) return;
    if (code !== 'EADDRINUSE' || performance.now() > deadline)
      throw new ConfigurationError(`Port ${port} on ${host} (HUICAI_HOST, PORT) ${why}`);
    await delay(PAUSE_MS);
  }
}

/** @returns undefined when the port was free, else the error's code */
function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
