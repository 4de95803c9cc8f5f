import { randomUUID } from 'node:crypto';
import { createReadPool } from '@huicai/projections';
import { listFailures } from '@huicai/reactions';
import { Command } from 'commander';
import { sell } from '../../../libs/projections/toy.fixture.js';
import { ToyRig } from '../../../libs/reactions/toy.fixture.js';
import { until } from '../../../test/support/until.js';
import { addReactions } from './reactions.js';

jest.setTimeout(60_000);

const NAME = 'take-note-of-sale';
let rig: ToyRig;
let stream: ReturnType<ToyRig['stream']>;
beforeAll(async () => {
  rig = await ToyRig.start();
  await rig.startHere();
  stream = rig.stream();
  await sell(rig.events.store, stream.tickets, [{ n: 1, text: 'not allowed' }, { n: 2 }]);
  rig.react();
  await until('the parking', async () => {
    const found = await listFailures(rig.pool);
    return found.length === 2 && found[0]!.state === 'parked';
  });
});
afterAll(() => rig?.close());

/** What a command prints. @throws Error as it tells people */
async function cli(...args: string[]): Promise<string> {
  let text = '';
  const printed = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  try {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    addReactions(program, () => createReadPool(rig.databaseUrl, 2));
    await program.parseAsync(['reactions', ...args], { from: 'user' });
    return text;
  } finally {
    printed.mockRestore();
  }
}

it('lists reactions and what they could not handle, as lines or as JSON', async () => {
  const text = await cli();
  expect(text).toContain(
    'supervise-case-on-dissatisfied-callback (on CallbackCorrected, CallbackRecorded): no worker has run it yet',
  );
  expect(text).toMatch(
    new RegExp(`parked  ${NAME}: TicketSold \\(${stream.tickets} at 0\\), attempts 3\\n +Refusal: role-not-allowed`),
  );
  expect(text).toMatch(/waiting .* attempts 0\n +an earlier one of its stream/);
  const { reactions, failures } = JSON.parse(await cli('--json'));
  expect(reactions).toMatchObject([{ name: NAME, parked: 1, waiting: 1 }]);
  expect(failures).toHaveLength(2);
});

it('refuses what can not be done, in words', async () => {
  const [, waiting] = await listFailures(rig.pool);
  await expect(cli('retry', NAME, waiting!.eventId)).rejects.toThrow('waits behind an earlier one');
  await expect(cli('retry', NAME, 'x')).rejects.toThrow('Not the id of an event: x');
  await expect(cli('skip', NAME, randomUUID(), '--reason', 'why')).rejects.toThrow('has no failed event');
  await expect(cli('skip', NAME, waiting!.eventId)).rejects.toThrow("required option '--reason <text>'");
});

it('retries and skips; a skipped one is shown with its reason when asked for', async () => {
  const [parked] = await listFailures(rig.pool);
  expect(await cli('retry', NAME, parked!.eventId)).toContain('tries it again');
  expect(await cli('skip', NAME, parked!.eventId, '--reason', 'a drill')).toContain('is skipped');
  await until('the one behind it', async () => (await stream.texts()).length === 1);
  await until('nothing left', async () => (await listFailures(rig.pool)).length === 0);
  expect(await cli()).not.toContain('a drill');
  expect(await cli('--skipped')).toMatch(/skipped by cli:\S+ at \S+: a drill/);
});
