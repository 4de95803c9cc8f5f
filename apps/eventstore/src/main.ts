import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '@huicai/embedded-eventstore';
import { HELP, readSettings, type Settings } from './settings.js';

/** Words before all options that ask for work on the stored events instead of a server. */
const MAINTENANCE: readonly (string | undefined)[] = ['backup', 'restore', 'verify'];

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

async function serve(settings: Settings): Promise<void> {
  const store = await startEmbeddedEventStore({
    ...settings,
    onError: (error) => log(`a call failed: ${describe(error)}`),
    // Only a restart makes the server agree with the disk again.
    onFatal: (cause) => failWith('a commit failed', cause),
  });
  stopOnRequest(store);
  if (process.connected) process.send?.({ type: 'ready', port: store.port });
  else {
    const password = store.passwordFile ? `, for ${store.credentials?.username} with the password in ${store.passwordFile}` : '';
    log(`listening on ${store.connectionString}${password}`);
  }
}

async function main(args: string[]): Promise<void> {
  // What grpc-js would print about a port in use is part of the one line this process prints itself.
  setLogVerbosity(logVerbosity.NONE);
  if (MAINTENANCE.includes(args[0])) {
    const { runMaintenance } = await import('./maintenance.js');
    process.exitCode = await runMaintenance(args);
    return;
  }
  const settings = await readSettings(args, process.env);
  if (settings) await serve(settings);
  else process.stdout.write(HELP);
}

main(process.argv.slice(2)).catch((error: unknown) => failWith('can not start', error));
