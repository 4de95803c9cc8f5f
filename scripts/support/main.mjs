import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

/** Runs a built module in this process as if node had been started on it with these arguments. */
export async function runMain(module, args) {
  const file = join(root, module);
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}
