// npm run bench -- NAME [--json]: runs test/bench/NAME.bench.ts.
import './ensure-deps.mjs';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild } from './ensure-build.mjs';
import { runMain } from './support/main.mjs';
import { root, say } from './support/root.mjs';

const suffix = '.bench.ts';
const folder = join(root, 'test', 'bench');
const names = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length));
const [name, ...args] = process.argv.slice(2);

if (!names.includes(name)) {
  say(`usage: npm run bench -- NAME [--json]\nbenches: ${names.join(', ') || 'none yet'}`);
  process.exit(2);
}
process.chdir(root);
await ensureBuild({ tests: true });
await runMain(`dist/test/bench/${name}.bench.js`, args);
