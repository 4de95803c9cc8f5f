// Options and paths are jest's; `--soak` runs the long suites as well. PostgreSQL is started by jest's global set-up.
import './ensure-deps.mjs';
import { ensureBuild } from './ensure-build.mjs';
import { runMain } from './support/main.mjs';
import { root } from './support/root.mjs';

const args = process.argv.slice(2);
if (args.includes('--soak')) process.env.HUICAI_SOAK = '1';
process.chdir(root);
await ensureBuild();
await runMain(
  'node_modules/jest/bin/jest.js',
  args.filter((arg) => arg !== '--soak'),
);
