import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Where facts about other processes are read: Linux' `/proc`, elsewhere the `ps` command. */
export type ProcessSource = 'proc' | 'ps';

/** What the operating system says about a process. */
export interface ProcessInfo {
  /** Changes when the process id is given to another process; comparable on one machine only, empty when it can not be read. */
  readonly startedAt: string;
  /** Dead, but not yet collected by its parent. */
  readonly zombie: boolean;
}

const defaultSource: ProcessSource = existsSync('/proc/self/stat') ? 'proc' : 'ps';

/** Facts about a process, or undefined when no process has this id. */
export function inspectProcess(pid: number, source: ProcessSource = defaultSource): ProcessInfo | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !hasId(pid)) return undefined;
  return (source === 'proc' ? fromProc(pid) : fromPs(pid)) ?? (hasId(pid) ? { startedAt: '', zombie: false } : undefined);
}

/** True when the process exists and is not merely waiting to be collected. */
export function isRunning(pid: number, source: ProcessSource = defaultSource): boolean {
  const info = inspectProcess(pid, source);
  return info !== undefined && !info.zombie;
}

/**
 * True when the process was started with `flag value` among its arguments. From `ps`, which does not show where an argument
 * ends, a longer value that goes on after a space counts as well.
 */
export function runsWithArgument(pid: number, flag: string, value: string, source: ProcessSource = defaultSource): boolean {
  if (source === 'proc') {
    const args = readOrUndefined(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    return args.some((argument, index) => argument === flag && args[index + 1] === value);
  }
  const text = ps(pid, 'command=');
  return text !== undefined && ` ${text} `.includes(` ${flag} ${value} `);
}

function hasId(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function fromProc(pid: number): ProcessInfo | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields?.[0] === undefined || fields[19] === undefined) return undefined;
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return { startedAt: `${boot}/${fields[19]}`, zombie: fields[0] === 'Z' || fields[0] === 'X' };
}

function fromPs(pid: number): ProcessInfo | undefined {
  const [state, ...started] = ps(pid, 'stat=,lstart=')?.split(/\s+/) ?? [];
  return state ? { startedAt: started.join(' '), zombie: state.startsWith('Z') } : undefined;
}

function ps(pid: number, columns: string): string | undefined {
  try {
    const text = execFileSync('ps', ['-ww', '-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('Neither /proc nor the ps command is available here.');
    return undefined;
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
