import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomically } from './atomic-file.js';
import { ConfigurationError } from './configuration-error.js';
import { lockDirectory } from './directory-lock.js';

/** Size of the key-encryption key in bytes. */
export const kekBytes = 32;

/** Paths inside a data directory. */
export interface DataLayout {
  readonly root: string;
  readonly postgres: string;
  readonly eventStore: string;
  readonly logs: string;
  readonly runtimeFile: string;
  readonly kekFile: string;
  readonly lockFile: string;
}

/** Where things lie in the data directory. */
export function dataLayout(dataDir: string): DataLayout {
  return {
    root: dataDir,
    postgres: join(dataDir, 'postgres'),
    eventStore: join(dataDir, 'eventstore'),
    logs: join(dataDir, 'logs'),
    runtimeFile: join(dataDir, 'runtime.json'),
    kekFile: join(dataDir, 'kek'),
    lockFile: join(dataDir, 'supervisor.lock'),
  };
}

/** The data directory named by HUICAI_DATA_DIR, default `data` in the current directory; absolute, not necessarily existing. */
export function dataDirectory(env: NodeJS.ProcessEnv): string {
  return resolve(env.HUICAI_DATA_DIR || 'data');
}

/**
 * Creates the data directory with its folders, closed to other accounts (as root: passable, so that the database's account
 * reaches its own folder), and returns its real path.
 * @throws ConfigurationError when it can not be created.
 */
export function ensureDataDirectory(dataDir: string): DataLayout {
  const isRoot = process.getuid?.() === 0;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const layout = dataLayout(realpathSync(dataDir));
    if (isRoot && statSync(layout.root).uid === 0) chmodSync(layout.root, 0o711);
    mkdirSync(layout.eventStore, { recursive: true, mode: 0o700 });
    mkdirSync(layout.logs, { recursive: true, mode: 0o700 });
    return layout;
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
}

function unusable(dataDir: string, cause: unknown): ConfigurationError {
  const { message, code } = cause as NodeJS.ErrnoException;
  const advice = code === 'EACCES' ? '. Give it to this account, or choose another directory' : '';
  return new ConfigurationError(`The data directory ${dataDir} (HUICAI_DATA_DIR) can not be used: ${message}${advice}`, {
    cause,
  });
}

/**
 * Takes the data directory for this process; at most one supervisor runs on it. Returns the function that gives it back.
 * @throws DirectoryInUseError when another one holds it, ConfigurationError when nothing can be written there.
 */
export function lockDataDirectory(layout: DataLayout): () => void {
  try {
    return lockDirectory(layout.lockFile, `The data directory ${layout.root}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw unusable(layout.root, cause);
  }
}

/**
 * The file of the key-encryption key in a data directory: 32 random bytes, made on first use and never replaced.
 * @throws ConfigurationError when the file is there but is not such a key.
 */
export function ensureKek(dataDir: string): string {
  const { kekFile } = dataLayout(dataDir);
  if (statSync(kekFile, { throwIfNoEntry: false }) === undefined) writeFileAtomically(kekFile, randomBytes(kekBytes));
  readKek(kekFile);
  return kekFile;
}

/**
 * Reads a key-encryption key.
 * @throws ConfigurationError naming HUICAI_KEK_FILE when the file can not be read or does not hold exactly 32 bytes.
 */
export function readKek(kekFile: string): Buffer {
  let key: Buffer;
  try {
    key = readFileSync(kekFile);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ConfigurationError(`The key file ${kekFile} (HUICAI_KEK_FILE) can not be read: ${reason}`, { cause });
  }
  if (key.length === kekBytes) return key;
  const found = `holds ${key.length} bytes instead of ${kekBytes}`;
  throw new ConfigurationError(`The key file ${kekFile} (HUICAI_KEK_FILE) ${found}. Restore it from its backup.`);
}
