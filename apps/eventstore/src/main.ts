import { parseArgs } from 'node:util';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '@huicai/embedded-eventstore';

const USAGE =
  'eventstore --dir <directory> [--host 127.0.0.1] [--port 2113]; or EVENTSTORE_DIR, EVENTSTORE_HOST, EVENTSTORE_PORT';
/** EventStoreDB's own. */
const DEFAULT_PORT = '2113';

function readSettings(): { dir: string; host: string; port: number } {
  const { values } = parseArgs({ options: { dir: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' } } });
  const dir = values.dir ?? process.env.EVENTSTORE_DIR;
  if (!dir) throw new Error(`no directory given. Usage: ${USAGE}`);
  const port = values.port ?? process.env.EVENTSTORE_PORT ?? DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`the port must be a number from 0 to 65535, not ${port}`);
  return { dir, host: values.host ?? process.env.EVENTSTORE_HOST ?? '127.0.0.1', port: Number(port) };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} eventstore ${line}\n`);
}

function failWith(what: string, error: unknown): never {
  process.stderr.write(`${new Date().toISOString()} eventstore ${what}: ${describe(error).replaceAll('\n', ' ')}\n`);
  process.exit(1);
}

/** Ends the process once, however many signals come, after what was accepted is on disk. */
function stopOnRequest(store: EmbeddedEventStore): void {
  let stopping = false;
  const stop = (reason: string) => {
    if (stopping) return;
    stopping = true;
    log(`stopping: ${reason}`);
    store.stop().then(
      () => process.exit(0),
      (error: unknown) => failWith('could not stop cleanly', error),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // So a parent asks for it; and when it was killed, nobody else would end this process.
  process.on('disconnect', () => stop('let go by its parent process'));
  if (process.send && !process.connected) stop('let go by its parent process');
}

async function main(): Promise<void> {
  // What grpc-js would print about a port in use is part of the one line this process prints itself.
  setLogVerbosity(logVerbosity.NONE);
  const settings = readSettings();
  const store = await startEmbeddedEventStore({
    ...settings,
    onError: (error) => log(`a call failed: ${describe(error)}`),
    // Only a restart makes the server agree with the disk again.
    onFatal: (cause) => failWith('a commit failed', cause),
  });
  stopOnRequest(store);
  if (process.connected) process.send?.({ type: 'ready', port: store.port });
  else log(`listening on ${store.connectionString}`);
}

main().catch((error: unknown) => failWith('can not start', error));
