// Installs the dependencies when they are not those of the lock file. Imported for its effect, before anything that needs
// node_modules; so it uses node's own modules only. A pre-script of npm would be skipped under ignore-scripts.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { withLock } from './support/lock.mjs';
import { endWithNpm, root, say } from './support/root.mjs';
import { run } from './support/run.mjs';

const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules', '.deps-stamp');

const platform = `${process.platform} ${process.arch} ${process.versions.modules}`;
const wantedStamp = () => `${createHash('sha256').update(readFileSync(lockFile)).digest('hex')}\n${platform}\n`;
const foundStamp = () => (existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined);
const isCurrent = () => foundStamp() === wantedStamp() || isInstalledOtherwise();

if (!isCurrent()) {
  const onWait = () => say('Waiting for another process that installs the dependencies …');
  await withLock(join(root, '.tmp', 'deps.lock'), onWait, async () => {
    if (isCurrent()) return;
    await install();
    writeFileSync(stampFile, wantedStamp());
  });
  endWithNpm();
}

/**
 * True after an installation by hand: npm's own record of node_modules, written when an installation is complete, has
 * everything the lock file asks for, and no stamp tells that it was made for another platform or version of node.
 */
function isInstalledOtherwise() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record) || foundStamp()?.endsWith(`\n${platform}\n`) === false) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(JSON.parse(readFileSync(lockFile, 'utf8')).packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found) return found.version === wanted.version && found.integrity === wanted.integrity;
    return wanted.optional && !isForThisMachine(wanted);
  });
}

// Packages without a platform of their own come along with those that have one; which C library this is, npm knows.
function isForThisMachine({ os, cpu, libc }) {
  const suits = (list, value) =>
    !list || (list.some((each) => each.startsWith('!')) ? !list.includes(`!${value}`) : list.includes(value));
  return (os || cpu) && !libc && suits(os, process.platform) && suits(cpu, process.arch);
}

async function install() {
  const begun = Date.now();
  say('Installing dependencies (npm ci); this takes half a minute or so …');
  const env = { ...process.env };
  delete env.NODE_ENV;
  const args = ['ci', '--include=dev', '--ignore-scripts', '--loglevel=error', ...cacheArguments()];
  const npmCli = process.env.npm_execpath;
  const isNpm = npmCli && basename(npmCli) === 'npm-cli.js' && existsSync(npmCli);
  const { code } = isNpm ? await run(process.execPath, [npmCli, ...args], { env }) : await run('npm', args, { env });
  if (code !== 0) {
    say(`The dependencies could not be installed (npm ci: ${code}).`);
    process.exit(1);
  }
  say(`Dependencies installed in ${Math.round((Date.now() - begun) / 1000)} s.`);
}

// An account without a home of its own still needs somewhere for npm's cache.
function cacheArguments() {
  try {
    accessSync(homedir(), constants.W_OK);
    return [];
  } catch {
    return ['--cache', join(tmpdir(), `huicai-npm-cache-${process.getuid?.() ?? 'user'}`)];
  }
}
