import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, whatever folder the script is started from. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Prints progress; standard output belongs to the command that is run. */
export const say = (text) => process.stderr.write(`${text}\n`);

const launcher = process.ppid;

/** Ends this process when the npm that started it has ended meanwhile, which nobody else would tell it. */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event && process.ppid !== launcher) process.exit(1);
}
