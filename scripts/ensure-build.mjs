import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { withLock } from './support/lock.mjs';
import { endWithNpm, root, say } from './support/root.mjs';
import { run } from './support/run.mjs';

const dist = join(root, 'dist');
const staging = join(root, '.tmp');
const settings = ['package-lock.json', 'tsconfig.json', 'nest-cli.json'];

/**
 * Builds when a source has changed since the last build; ends the process with the compiler's messages when that fails.
 * `tests` builds the helpers and benches below test/ as well. Compiled beside dist and moved in file by file, so that
 * processes running from dist never find a file missing or half written.
 */
export async function ensureBuild({ tests = false } = {}) {
  const folders = tests ? ['apps', 'libs', 'test'] : ['apps', 'libs'];
  const stamp = join(dist, tests ? '.build-stamp-tests' : '.build-stamp');
  const isCurrent = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === digest(folders);
  if (isCurrent()) return;
  const onWait = () => say('Waiting for another process that builds …');
  try {
    await withLock(join(staging, 'build.lock'), onWait, () => (isCurrent() ? undefined : build(folders, stamp)));
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error;
    say(`The sources are newer than the build, and this account can not build here: ${error.message}`);
    process.exit(1);
  }
  endWithNpm();
}

async function build(folders, stamp) {
  const wanted = digest(folders);
  say('Building …');
  await compile(folders);
  mkdirSync(dist, { recursive: true });
  for (const folder of folders) moveIn(folder);
  // Written last: a build cut off half way is done again.
  writeFileSync(stamp, wanted);
}

function digest(folders) {
  const hash = createHash('sha256');
  for (const file of [...settings, ...folders.flatMap(sourcesIn)])
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function sourcesIn(folder) {
  return filesIn(join(root, folder))
    .filter((file) => /\.(ts|json)$/.test(file) && !file.endsWith('.spec.ts'))
    .map((file) => relative(root, file))
    .sort();
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function compile(folders) {
  for (const folder of ['apps', 'libs', 'test']) rmSync(join(staging, folder), { recursive: true, force: true });
  const nest = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
  const { compilerOptions } = nest;
  compilerOptions.deleteOutDir = false;
  compilerOptions.tsConfigPath = '.tmp/tsconfig.json';
  compilerOptions.builder.options.filenames = folders;
  for (const project of Object.values(nest.projects)) project.compilerOptions.tsConfigPath = '.tmp/tsconfig.json';
  // As deep as dist, so that the paths in source maps hold there.
  writeFileSync(
    join(staging, 'tsconfig.json'),
    JSON.stringify({ extends: '../tsconfig.json', compilerOptions: { outDir: '.' } }),
  );
  writeFileSync(join(staging, 'nest-cli.json'), JSON.stringify(nest));
  const cli = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const { code, output } = await run(process.execPath, [cli, 'build', '--config', '.tmp/nest-cli.json'], { quiet: true });
  if (code === 0) return;
  say(`${output.trim()}\nThe build failed.`);
  process.exit(1);
}

function moveIn(folder) {
  const built = new Set(filesIn(join(staging, folder)).map((file) => relative(staging, file)));
  for (const file of built) {
    const target = join(dist, file);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(join(staging, file)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}`;
    copyFileSync(join(staging, file), temporary);
    renameSync(temporary, target);
  }
  for (const file of filesIn(join(dist, folder)).map((each) => relative(dist, each))) {
    if (!built.has(file)) rmSync(join(dist, file), { force: true });
  }
  rmSync(join(staging, folder), { recursive: true, force: true });
}
