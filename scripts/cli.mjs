import './ensure-deps.mjs';
import { ensureBuild } from './ensure-build.mjs';
import { runMain } from './support/main.mjs';
import { root } from './support/root.mjs';

process.chdir(root);
await ensureBuild();
await runMain('dist/apps/cli/src/main.js', process.argv.slice(2));
