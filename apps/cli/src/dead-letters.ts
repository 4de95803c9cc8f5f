import { userInfo } from 'node:os';
import {
  askForRetry,
  askForSkip,
  createReadPool,
  type DeadLetter,
  type DeadLetterRequest,
  findDeadLetter,
  listDeadLetters,
  type Queryable,
  waitForRequest,
} from '@huicai/projections';
import { resolveConnections } from '@huicai/runtime';
import type { Command } from 'commander';
import type { Pool } from 'pg';

/** How long to wait for the worker that leads, milliseconds. */
const WAIT_MS = 15_000;
const PAGE = 200;

const openPool = () => createReadPool(resolveConnections(process.env).databaseUrl, 2);

/** Adds `dead-letters`, `dead-letters retry` and `dead-letters skip`, which work on a pool of their own. */
export function addDeadLetters(program: Command, open: () => Pool = openPool): void {
  const withPool = async (work: (db: Queryable) => Promise<void>): Promise<void> => {
    const pool = open();
    try {
      await work(pool);
    } finally {
      await pool.end();
    }
  };
  const command = program
    .command('dead-letters')
    .description('events that projections could not take, and those that wait behind them')
    .option('--json', 'one JSON document, with those that wait')
    .action((options: { json?: boolean }) => withPool((db) => list(db, options.json ?? false)));
  command
    .command('retry <id-or-projection>')
    .description('fold again what waits: the partition of one letter, or all of a projection')
    .action((what: string) => withPool((db) => retry(db, what)));
  command
    .command('skip <id>')
    .description('pass an event over for good, in every rebuild of the projection too')
    .requiredOption('--reason <text>', 'why; kept in clear, so without names or numbers of persons')
    .action((id: string, { reason }: { reason: string }) => withPool((db) => skip(db, id, reason)));
}

async function list(db: Queryable, json: boolean): Promise<void> {
  const letters: DeadLetter[] = [];
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const page: DeadLetter[] = await listDeadLetters(db, { after, limit: PAGE });
    letters.push(...page);
    after = page.length < PAGE ? undefined : page.at(-1)!.id;
  }
  if (json)
    return print(JSON.stringify({ deadLetters: letters }, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
  const heads = letters.filter(({ state }) => state === 'failed');
  if (heads.length === 0) return print('No dead letters: every projection has taken all of its events.');
  for (const head of heads) {
    const waiting = letters.filter((each) => each.schema === head.schema && each.partition === head.partition).length - 1;
    print(
      `${head.id.padStart(6)}  ${head.projection}  ${head.type} (${head.stream} at ${head.revision}), ` +
        `${head.attempts} ${head.attempts === 1 ? 'attempt' : 'attempts'} since ${head.firstAt.toISOString()}, ${waiting} behind it\n` +
        `        ${head.error}`,
    );
  }
}

async function retry(db: Queryable, what: string): Promise<void> {
  if (/^\d{1,18}$/.test(what)) return tell(db, await askForRetry(db, await letterOf(db, what), actor()));
  const [some] = await listDeadLetters(db, { projection: what, limit: 1 });
  if (!some) throw new Error(`There are no dead letters of a projection called ${what}`);
  return tell(db, await askForRetry(db, { projection: what }, actor()));
}

async function skip(db: Queryable, id: string, reason: string): Promise<void> {
  if (!/^\d{1,18}$/.test(id)) throw new Error(`Not the id of a dead letter: ${id}`);
  if (reason.trim() === '' || reason.length > 500) throw new Error('The reason must have 1 to 500 characters');
  return tell(db, await askForSkip(db, await letterOf(db, id), reason.trim(), actor()));
}

async function letterOf(db: Queryable, id: string): Promise<{ projection: string; letter: string }> {
  const found = await findDeadLetter(db, id);
  if (!found) throw new Error(`There is no dead letter ${id}`);
  return { projection: found.projection, letter: id };
}

const actor = (): string => `cli:${userInfo().username}`;

const SAYINGS: Readonly<Record<NonNullable<DeadLetterRequest['outcome']>, string>> = {
  done: 'nothing waits any more',
  'still-failing': 'an event still can not be taken',
  gone: 'there is no such letter any more',
  'not-followed': 'the worker does not keep the tables it is missing from: another version of the projection does',
  'folded-elsewhere':
    'other tables of this projection hold the event already, so it can not be skipped: switch to them or drop them',
  'being-rebuilt': 'the projection is being rebuilt, so nothing can be skipped until that is done',
  error: "it could not be done; the worker's log tells why",
};

async function tell(db: Queryable, requestId: string): Promise<void> {
  const { outcome, solved, remaining } = await waitForRequest(db, requestId, WAIT_MS);
  if (outcome === null) return print('Asked for; no worker has got to it yet. It will when one leads.');
  print(`${SAYINGS[outcome]} (${solved} taken or passed over, ${remaining} left)`);
  if (outcome !== 'done') process.exitCode = 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
