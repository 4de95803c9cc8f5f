import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DATA_FILE, flushDirectory } from '../storage/environment.js';
import { BackupError, type BackupManifest, describeBackup, hashFile, MANIFEST_FILE } from './manifest.js';
import { assertDatabase, beside, type CommandOptions, copyDatabase, flushFile, withDatabase } from './snapshot.js';

export interface BackupOptions extends CommandOptions {
  /** Directory of the database; its server may run. */
  dir: string;
  /** Directory to be made. Its parent must exist, and the server must see the same one. */
  to: string;
}

/**
 * Writes a backup: a consistent copy of the database with every event acknowledged before the call, and a manifest. It
 * appears under its name only when it is complete, on disk, and was opened once.
 * @throws BackupError when the target exists; StorageFormatError without a database; NoRoomError; ServerControlError
 */
export async function backup(options: BackupOptions): Promise<BackupManifest> {
  const { dir, signal, onProgress } = options;
  const to = resolve(options.to);
  assertDatabase(dir);
  if (existsSync(to)) throw new BackupError(`${to} exists; a backup is written to a new directory`);
  if (!existsSync(dirname(to))) throw new BackupError(`${dirname(to)}, in which the backup is to be made, does not exist`);
  const draft = beside(to, 'partial');
  await copyDatabase(dir, draft, options);
  try {
    const file = join(draft, DATA_FILE);
    const content = await withDatabase(draft, (database) => ({
      nodeId: database.nodeId,
      // Decoding it checks its checksum too.
      lastPosition: String(database.lastRecord()?.position ?? 0),
      events: database.counts().records,
    }));
    const onBytes = (done: number) => onProgress?.({ phase: 'hashing', done, total: undefined, unit: 'bytes' });
    const manifest = describeBackup({
      ...content,
      created: new Date().toISOString(),
      dataFile: await hashFile(file, onBytes, signal),
    });
    await writeFile(join(draft, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    await flushFile(join(draft, MANIFEST_FILE));
    flushDirectory(draft);
    if (existsSync(to)) throw new BackupError(`${to} was made by somebody else in the meantime`);
    await rename(draft, to);
    flushDirectory(dirname(to));
    return manifest;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}
