import { userInfo } from 'node:os';
import { allReactions, HuicaiSystem, ourAggregates } from '@huicai/composition';
import { createReadPool, type Queryable } from '@huicai/projections';
import {
  headOf,
  listFailures,
  type ReactionFailure,
  type ReactionStatus,
  reactionStatus,
  restartReaction,
  retryFailure,
  skipFailure,
} from '@huicai/reactions';
import { resolveConnections } from '@huicai/runtime';
import type { Command } from 'commander';
import type { Pool } from 'pg';

const REASON = ['--reason <text>', 'why; kept in clear, so without names or numbers of persons'] as const;

/** Adds `reactions`, `reactions retry`, `reactions skip` and `reactions restart`. @param open pool on the database to look at */
export function addReactions(program: Command, open: () => Pool = openPool): void {
  const withPool = (work: (db: Queryable) => Promise<void>) => usingPool(open(), work);
  const command = program
    .command('reactions')
    .description('how every reaction stands, and the events it could not handle')
    .option('--json', 'one JSON document')
    .option('--skipped', 'those that were skipped as well')
    .action((options: { json?: boolean; skipped?: boolean }) => withPool((db) => list(db, options)));
  command
    .command('retry <reaction> <event-id>')
    .description('try an event again; those of its stream that wait behind it follow')
    .action((name: string, id: string) =>
      withPool(async (db) => {
        await retryFailure(db, name, eventId(id));
        print('The worker that leads tries it again now.');
      }),
    );
  command
    .command('skip <reaction> <event-id>')
    .description('leave an event unhandled for good; those of its stream that wait behind it go on')
    .requiredOption(...REASON)
    .action((name: string, id: string, { reason }: { reason: string }) =>
      withPool(async (db) => {
        await skipFailure(db, name, eventId(id), { reason, by: actor() });
        print('The event is skipped; what waited behind it goes on.');
      }),
    );
  command
    .command('restart <reaction>')
    .description('put a reaction that stands before another log, or one that was put back, at the end of this one')
    .requiredOption(...REASON)
    .action((name: string, { reason }: { reason: string }) => restart(name, reason));
}

const openPool = (): Pool => createReadPool(resolveConnections(process.env).databaseUrl, 2);

async function usingPool(pool: Pool, work: (db: Queryable) => Promise<void>): Promise<void> {
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}

async function restart(name: string, reason: string): Promise<void> {
  const system = await HuicaiSystem.open(resolveConnections(process.env));
  try {
    const { store, storeId, pool } = system;
    const head = await headOf({ store, storeId, aggregates: ourAggregates });
    await restartReaction(pool, name, { storeId, head }, { reason, by: actor() });
    print(`${name} goes on from the end of the log, at ${head?.position ?? 'its start'}.`);
  } finally {
    await system.close();
  }
}

async function list(db: Queryable, { json = false, skipped = false }: { json?: boolean; skipped?: boolean }): Promise<void> {
  const [reactions, failures] = [await reactionStatus(db), await listFailures(db, { skipped })];
  if (json) return print(JSON.stringify({ reactions, failures }));
  for (const [{ name }, types] of allReactions)
    print(
      reactions
        .filter((one) => one.name === name)
        .map((one) => row(one, types))
        .join('\n') || `${name} (on ${types.join(', ')}): no worker has run it yet`,
    );
  for (const failure of failures) print(failureText(failure));
}

function row({ name, position, stopped, retrying, waiting, parked }: ReactionStatus, types: readonly string[]): string {
  const counts = { retrying, waiting, parked };
  const open = Object.entries(counts).flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : []));
  const how = stopped === null ? open.join(', ') || 'nothing waits' : `STOPPED: ${stopped}`;
  return `${name} (on ${types.join(', ')}) at ${position ?? 'the start'}: ${how}`;
}

function failureText({
  eventId: id,
  reaction,
  type,
  stream,
  revision,
  state,
  attempts,
  error,
  nextAt,
  skipped,
}: ReactionFailure): string {
  const when = nextAt ? `, next at ${nextAt.toISOString()}` : '';
  const why = skipped
    ? `skipped by ${skipped.by} at ${skipped.at.toISOString()}: ${skipped.reason}`
    : (error ?? 'an earlier one of its stream');
  return `  ${id}  ${state}  ${reaction}: ${type} (${stream} at ${revision}), attempts ${attempts}${when}\n      ${why}`;
}

/** @throws Error when it is no event's id */
function eventId(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) throw new Error(`Not the id of an event: ${text}`);
  return text;
}

const actor = (): string => `cli:${userInfo().username}`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
