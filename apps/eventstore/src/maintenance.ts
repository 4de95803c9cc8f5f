import { parseArgs } from 'node:util';
import { backup, type CommandOptions, type Progress, restore, type VerifyReport, verify } from '@huicai/embedded-eventstore';

const USAGE = `eventstore backup --dir <database> --to <new directory>
eventstore restore --from <backup> --dir <database> [--replace]
eventstore verify --dir <database or backup> [--canonical] [--limit 100] [--scratch <directory for a copy>]`;

/** Exit codes: done, or sound; not done; verified and found unsound. */
const DONE = 0;
const FAILED = 1;
const UNSOUND = 2;

/** How often, in milliseconds, the progress is told. */
const TELL_EVERY = 2_000;

class UsageError extends Error {}

/**
 * Runs `backup`, `restore` or `verify`. Results go to stdout, progress and errors to stderr. An interrupt (SIGINT, SIGTERM)
 * removes what was begun.
 * @param args the command's name and its options, as on the command line
 * @returns the exit code: 0 done, 1 not done, 2 the database verified is not sound. Never rejects
 */
export async function runMaintenance(args: string[]): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    return await run(args, { onProgress: progressTeller(), signal: interrupted.signal });
  } catch (error) {
    const message = interrupted.signal.aborted ? 'interrupted, nothing was changed' : describe(error);
    process.stderr.write(`eventstore ${args[0] ?? ''}: ${message}\n`);
    return FAILED;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function run([command, ...rest]: string[], common: CommandOptions): Promise<number> {
  if (command === 'backup') return runBackup(rest, common);
  if (command === 'restore') return runRestore(rest, common);
  if (command === 'verify') return runVerify(rest, common);
  throw new UsageError(`unknown command ${command}`);
}

async function runBackup(args: string[], common: CommandOptions): Promise<number> {
  const { dir, to } = parse(args, { dir: { type: 'string' }, to: { type: 'string' } });
  const { events, lastPosition, dataFile } = await backup({ ...common, dir: given('dir', dir), to: given('to', to) });
  print(`backed up ${events} events up to position ${lastPosition} in ${dataFile.bytes} bytes, SHA-256 ${dataFile.sha256}`);
  return DONE;
}

async function runRestore(args: string[], common: CommandOptions): Promise<number> {
  const options = { from: { type: 'string' }, dir: { type: 'string' }, replace: { type: 'boolean' } } as const;
  const { from, dir, replace } = parse(args, options);
  const result = await restore({ ...common, from: given('from', from), dir: given('dir', dir), replace: replace ?? false });
  print(`restored ${result.report.events} events up to position ${result.report.lastPosition}, as of ${result.manifest.created}`);
  if (result.replaced !== undefined) print(`the database that was there is in ${result.replaced}`);
  return DONE;
}

async function runVerify(args: string[], common: CommandOptions): Promise<number> {
  const { dir, canonical, limit, scratch } = parse(args, {
    dir: { type: 'string' },
    canonical: { type: 'boolean' },
    limit: { type: 'string' },
    scratch: { type: 'string' },
  });
  const report = await verify({
    ...common,
    dir: given('dir', dir),
    canonical: canonical ?? false,
    ...(limit !== undefined && { limit: count('limit', limit) }),
    ...(scratch !== undefined && { scratch }),
  });
  printReport(report);
  return report.findingCount === 0 ? DONE : UNSOUND;
}

function printReport(report: VerifyReport): void {
  for (const { kind, message, stream, revision, position } of report.findings) {
    const place = [
      ...(stream === undefined ? [] : [`stream ${JSON.stringify(stream)}`]),
      ...(revision === undefined ? [] : [`revision ${revision}`]),
      ...(position === undefined ? [] : [`position ${position}`]),
    ];
    print(`${kind}: ${message}${place.length > 0 ? ` [${place.join(', ')}]` : ''}`);
  }
  const hidden = report.findingCount - report.findings.length;
  if (hidden > 0) print(`and ${hidden} more`);
  const rate = Math.round(report.events / Math.max(report.seconds, 0.001));
  const verdict = report.findingCount === 0 ? 'sound' : `NOT SOUND, ${report.findingCount} findings`;
  print(
    `${verdict}: ${report.events} events of ${report.streams} streams up to position ${report.lastPosition}, ` +
      `${rate} events/s${report.copied ? ', in a copy of the running server' : ''}`,
  );
}

function parse<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(describe(error));
  }
}

function given(name: string, value: string | undefined): string {
  if (value) return value;
  throw new UsageError(`--${name} is missing`);
}

function count(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(`--${name} must be a number, not ${value}`);
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
  return error instanceof UsageError ? `${message}\n${USAGE}` : message;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Tells a new phase at once, and how far it has come now and then. */
function progressTeller(): (progress: Progress) => void {
  let told: { phase: string; at: number } = { phase: '', at: 0 };
  return ({ phase, done, total, unit }) => {
    const now = performance.now();
    if (phase === told.phase && now - told.at < TELL_EVERY) return;
    told = { phase, at: now };
    process.stderr.write(`${phase}: ${done}${total === undefined ? '' : ` of ${total}`} ${unit}\n`);
  };
}
