import { resolve } from 'node:path';
import { type ChildSpec, type OneShot, runChildOnce, type Service, superviseChild } from '@huicai/runtime';

/** Absolute paths of the modules run as child processes. */
export interface AppModules {
  readonly eventStore: string;
  readonly worker: string;
  readonly api: string;
  /** Run once with the argument `seed`. */
  readonly cli: string;
}

/** What the parts of a run share. */
export interface ServiceContext {
  readonly print: (text: string) => void;
  readonly modules: AppModules | undefined;
  /** Aborts when the system is to stop. */
  readonly stopped: AbortSignal;
}

// The caller's modules, else those of the build this file belongs to.
function modulesOf(context: ServiceContext): AppModules {
  const builtApp = (name: string): string => resolve(__dirname, '..', '..', name, 'src', 'main.js');
  return (
    context.modules ?? {
      eventStore: builtApp('eventstore'),
      worker: builtApp('worker'),
      api: builtApp('api'),
      cli: builtApp('cli'),
    }
  );
}

/**
 * The embedded event store. Its first run takes a free port, later ones the same, so that clients find it again.
 * @param onPort told the port at each ready run
 */
export function eventStoreService(
  context: ServiceContext,
  dir: string,
  env: NodeJS.ProcessEnv,
  onPort: (port: number) => void,
): Service {
  let port = 0;
  const learn = (actual: number): void => {
    port = actual;
    onPort(actual);
  };
  const args = (): string[] => ['--dir', dir, '--port', String(port)];
  return child(context, {
    name: 'eventstore',
    module: modulesOf(context).eventStore,
    args,
    env: () => env,
    onReady: portOf(learn),
  });
}

/** What is folded lives as long as its batch: with room for one among the young, little of it is moved before it dies. */
const WORKER_FLAGS = ['--max-semi-space-size=64'];

/** The worker: projections and timers. */
export function workerService(context: ServiceContext, env: NodeJS.ProcessEnv): Service {
  return child(context, { name: 'worker', module: modulesOf(context).worker, env: () => env, execArgv: WORKER_FLAGS });
}

/** The HTTP API. */
export function apiService(context: ServiceContext, env: () => NodeJS.ProcessEnv, onPort: (port: number) => void): Service {
  return child(context, { name: 'api', module: modulesOf(context).api, env, onReady: portOf(onPort) });
}

/** The seed; its progress goes to our standard output. */
export function seedRun(context: ServiceContext, env: NodeJS.ProcessEnv): OneShot {
  return runChildOnce({ name: 'seed', module: modulesOf(context).cli, args: () => ['seed', '--auto'], env: () => env });
}

function child(context: ServiceContext, spec: Omit<ChildSpec, 'report'>): Service {
  return superviseChild({ ...spec, report: context.print });
}

function portOf(learn: (port: number) => void): ChildSpec['onReady'] {
  return ({ port }) => {
    if (typeof port === 'number' && Number.isSafeInteger(port) && port > 0) learn(port);
  };
}
