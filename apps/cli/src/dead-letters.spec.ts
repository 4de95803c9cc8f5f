import { createReadPool } from '@huicai/projections';
import { Command } from 'commander';
import {
  live,
  openAll,
  openDatabase,
  type Running,
  sell,
  start,
  ticketRows,
  tickets,
} from '../../../libs/projections/toy.fixture.js';
import { createTestEventStore, type TestEventStore } from '../../../test/support/event-store.js';
import { addDeadLetters } from './dead-letters.js';

jest.setTimeout(60_000);

let events: TestEventStore;
let db: Awaited<ReturnType<typeof openDatabase>>;
let run: Running;
beforeAll(async () => {
  [events, db] = await Promise.all([createTestEventStore(), openDatabase()]);
  const projections = live(
    tickets({
      onText: {
        bad: () => {
          throw new Error('no such ticket');
        },
      },
    }),
  );
  await openAll(db.pool, projections);
  run = start(events.store, db.writePool, projections, { attendEveryMs: 20 });
  await sell(events.store, 'ticket-a', [{ n: 1 }, { n: 2, text: 'bad' }, { n: 4 }]);
  await run.reached(await sell(events.store, 'ticket-b', [{ n: 1, text: 'bad' }]));
});
afterAll(async () => {
  await run?.stop();
  await events?.close();
  await db?.close();
});

/** What a command prints, its exit code first. */
async function cli(...args: string[]): Promise<[number | string | undefined, string]> {
  let text = '';
  const printed = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  try {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    addDeadLetters(program, () => createReadPool(db.url, 2));
    await program.parseAsync(['dead-letters', ...args], { from: 'user' });
    return [process.exitCode, text];
  } finally {
    printed.mockRestore();
    process.exitCode = undefined;
  }
}

it('lists what is at the head of its partition, or everything as JSON', async () => {
  const [, text] = await cli();
  expect(text).toMatch(
    /^ +\d+ {2}tickets {2}TicketSold \(ticket-a at 1\), 1 attempt since \S+, 1 behind it\n +Error: no such ticket$/m,
  );
  expect(text).toMatch(/\(ticket-b at 0\), 1 attempt since \S+, 0 behind it/);
  const { deadLetters } = JSON.parse((await cli('--json'))[1]);
  expect(
    deadLetters.map((each: { stream: string; revision: string; state: string }) => [each.stream, each.revision, each.state]),
  ).toEqual([
    ['ticket-a', '1', 'failed'],
    ['ticket-a', '2', 'queued'],
    ['ticket-b', '0', 'failed'],
  ]);
});

it('retries and skips, says what came of it, and tells a script by its exit code', async () => {
  const [{ id }] = JSON.parse((await cli('--json'))[1]).deadLetters;
  expect(await cli('retry', id)).toEqual([1, 'an event still can not be taken (0 taken or passed over, 2 left)\n']);
  expect(await cli('retry', 'tickets')).toEqual([1, 'an event still can not be taken (0 taken or passed over, 3 left)\n']);
  expect(await cli('skip', id, '--reason', 'sold twice')).toEqual([
    undefined,
    'nothing waits any more (2 taken or passed over, 0 left)\n',
  ]);
  expect(await ticketRows(db.pool)).toEqual([{ ticket: 'ticket-a', sold: 5, last: null }]);
  const { rows } = await db.pool.query('select reason, skipped_by from ops.skipped_events');
  expect(rows).toEqual([{ reason: 'sold twice', skipped_by: expect.stringMatching(/^cli:./) }]);
});

it.each([
  [['retry', '999'], 'There is no dead letter 999'],
  [['retry', 'cards'], 'There are no dead letters of a projection called cards'],
  [['skip', 'x', '--reason', 'y'], 'Not the id of a dead letter: x'],
  [['skip', '1', '--reason', ' '], 'The reason must have 1 to 500 characters'],
  [['skip', '1'], "required option '--reason <text>' not specified"],
])('refuses %j', async (args, message) => {
  await expect(cli(...args)).rejects.toThrow(message);
});
