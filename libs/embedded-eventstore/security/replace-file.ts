import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushDirectory } from '../storage/environment.js';

/**
 * Writes a file so that a reader, and a crash, see the old content or the new one. The draft's name is fixed, so that what a
 * crash leaves is written over: the caller must be the only writer of the directory.
 * @throws Error of the file system
 */
export async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', mode);
  try {
    // A draft left by a crash keeps the mode it was made with.
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  flushDirectory(dirname(file));
}
