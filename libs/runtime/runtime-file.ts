import { readFileSync, rmSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file.js';
import { ConfigurationError } from './configuration-error.js';
import { isRunning } from './process-table.js';

/** What a running supervisor tells its children, the command line and tests. Holds secrets; mode 0600. */
export interface Runtime {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly databasePort: number;
  readonly eventStorePort: number;
  readonly apiUrl: string;
  /** Random per start; lets local tools act without a person's login. */
  readonly token: string;
  /** Process id of the supervisor. */
  readonly pid: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

const texts = ['databaseUrl', 'eventStoreUrl', 'apiUrl', 'token', 'startedAt'] as const;
const numbers = ['databasePort', 'eventStorePort', 'pid'] as const;

/**
 * Reads a runtime.json, or undefined when there is none.
 * @throws ConfigurationError when the file is there but can not be read or lacks a field.
 */
export function readRuntime(file: string): Runtime | undefined {
  let value: Partial<Runtime> | null;
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Runtime> | null;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // A JSON error quotes the text, which holds secrets.
    const reason = cause instanceof SyntaxError ? 'it is not JSON' : (cause as Error).message;
    throw new ConfigurationError(`${file} can not be read: ${reason}. Start the supervisor anew.`);
  }
  const missing = [
    ...texts.filter((name) => typeof value?.[name] !== 'string'),
    ...numbers.filter((name) => !Number.isSafeInteger(value?.[name])),
  ];
  if (missing.length > 0) throw new ConfigurationError(`${file} lacks ${missing.join(', ')}. Start the supervisor anew.`);
  return value as Runtime;
}

/** Replaces a runtime.json atomically, mode 0600. */
export function writeRuntime(file: string, runtime: Runtime): void {
  writeFileAtomically(file, `${JSON.stringify(runtime, null, 2)}\n`);
}

/** Removes a runtime.json; none is no error. */
export function clearRuntime(file: string): void {
  rmSync(file, { force: true });
}

/** True when the supervisor that wrote it still runs; false for one that was killed. */
export function isLive(runtime: Runtime): boolean {
  return isRunning(runtime.pid);
}
