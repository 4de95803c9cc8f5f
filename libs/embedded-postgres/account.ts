import { execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** The operating system account a PostgreSQL server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account for the server, or undefined for "as ourselves". PostgreSQL refuses to run as root, so root starts it as the
 * owner of the existing cluster, else as `postgres`, else as `nobody`.
 * @throws Error when root finds none of them.
 */
export function serverAccount(clusterDir: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ['postgres', 'nobody']) {
    const account = lookUp(name);
    if (account) return account;
  }
  throw new Error('PostgreSQL can not run as root, and there is neither an account "postgres" nor "nobody" to run it as.');
}

/** True when the account can enter the directory. */
export function canEnter(directory: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** Environment of the server's programs: nothing of ours, so that no PG* or locale variable changes what they do. */
export const serverEnvironment: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Runs one of the server's programs to its end and returns what it wrote.
 * @throws Error with the program's output when it can not be started or fails.
 */
export async function run(program: string, args: string[], account: Account | undefined, input = ''): Promise<string> {
  const options: SpawnOptions = { ...account, cwd: '/', env: serverEnvironment, stdio: 'pipe' };
  const child = spawn(program, args, options);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  // A program that fails early closes its input; its exit code tells, not the broken pipe.
  child.stdin?.on('error', () => undefined).end(input);
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new Error(`${program} failed (${code}): ${output.trim() || 'it wrote nothing'}`);
  return output;
}

function lookUp(name: string): Account | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim());
    const account = { uid: id('-u'), gid: id('-g') };
    return account.uid > 0 ? account : undefined;
  } catch {
    return undefined;
  }
}
