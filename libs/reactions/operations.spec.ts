import { randomUUID } from 'node:crypto';
import { all } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { sell } from '../projections/toy.fixture.js';
import { headOf } from './checkpoint.js';
import {
  listFailures,
  ReactionRequestError,
  reactionStatus,
  registerReactions,
  restartReaction,
  retryFailure,
  skipFailure,
} from './index.js';
import { ToyRig, takeNote } from './toy.fixture.js';

jest.setTimeout(60_000);

const NAME = 'take-note-of-sale';
let rig: ToyRig;
beforeAll(async () => {
  rig = await ToyRig.start();
});
beforeEach(() => rig.startHere());
afterEach(() => rig.quiet());
afterAll(() => rig?.close());

const sold = (stream: string, ...texts: string[]) =>
  sell(
    rig.events.store,
    stream,
    texts.map((text, n) => ({ n, text })),
  );
const failures = () => listFailures(rig.pool, { reaction: NAME, skipped: true });
const why = { reason: 'never happened', by: 'admin' };

describe('a parked event', () => {
  let stream: ReturnType<ToyRig['stream']>;
  beforeEach(async () => {
    stream = rig.stream();
    await sold(stream.tickets, 'not allowed', 'second', 'third');
    rig.react();
    await until('the parking', async () => {
      const found = await failures();
      return found.length === 3 && found[0]!.state === 'parked';
    });
  });

  it('that is skipped with a reason lets those behind it go on, and stays on record', async () => {
    const [parked] = await failures();
    await skipFailure(rig.pool, NAME, parked!.eventId, why);
    await until('the others', async () => (await stream.texts()).length === 2);
    expect(await stream.texts()).toEqual(['second', 'third']);
    await until('the others to be done', async () => (await failures()).length === 1);
    expect(await failures()).toMatchObject([
      {
        eventId: parked!.eventId,
        state: 'skipped',
        skipped: { ...why, at: expect.any(Date) },
        error: 'Refusal: role-not-allowed',
      },
    ]);
    expect(await listFailures(rig.pool)).toEqual([]);
    expect(await reactionStatus(rig.pool)).toMatchObject([{ name: NAME, parked: 0, waiting: 0, skipped: 1, oldestAt: null }]);
    await expect(skipFailure(rig.pool, NAME, parked!.eventId, why)).rejects.toThrow(ReactionRequestError);
    await expect(retryFailure(rig.pool, NAME, parked!.eventId)).rejects.toThrow('has no failed event');
  });

  it('is tried again when somebody asks, from its first attempt on', async () => {
    const [parked] = await failures();
    await retryFailure(rig.pool, NAME, parked!.eventId);
    await until('it to be parked again', async () => {
      const [again] = await failures();
      return again!.state === 'parked' && again!.triedAt! > parked!.triedAt!;
    });
    expect((await failures())[0]!.attempts).toBe(3);
  });

  it('is neither skipped without a reason nor retried out of turn', async () => {
    const [parked, waiting] = await failures();
    await expect(skipFailure(rig.pool, NAME, parked!.eventId, { reason: '  ', by: 'admin' })).rejects.toThrow('for a reason');
    await expect(retryFailure(rig.pool, NAME, waiting!.eventId)).rejects.toThrow('waits behind an earlier one');
    await expect(skipFailure(rig.pool, NAME, randomUUID(), why)).rejects.toThrow('has no failed event');
    await expect(skipFailure(rig.pool, 'other-name', parked!.eventId, why)).rejects.toThrow('has no failed event');
    expect((await failures()).map(({ state }) => state)).toEqual(['parked', 'waiting', 'waiting']);
  });

  it('behind it can be skipped first', async () => {
    const [parked, waiting] = await failures();
    await skipFailure(rig.pool, NAME, waiting!.eventId, why);
    await skipFailure(rig.pool, NAME, parked!.eventId, why);
    await until('the last', async () => (await stream.texts()).length === 1);
    expect(await stream.texts()).toEqual(['third']);
  });
});

describe('the beginning of a reaction', () => {
  const placeOf = async (name: string) =>
    (await rig.pool.query<{ position: string | null }>('select position::text from ops.reaction where name = $1', [name])).rows[0]
      ?.position;
  const person = {
    actor: { id: 'window-1', role: 'window' },
    chain: {},
    occurredAt: '2026-10-12T01:00:00.000Z',
    schemaVersion: 1,
  };

  it('is the start of a log in which nobody has done anything yet', async () => {
    await registerReactions(rig.pool, rig.log, [{ name: 'new-one' }]);
    expect(await placeOf('new-one')).toBeNull();
  });

  it('is the end of any other, unless it says otherwise, and stays where it is', async () => {
    await sell(rig.events.store, rig.stream().tickets, [{ n: 1, metadata: person }]);
    const head = (await headOf(rig.log))!;
    await registerReactions(rig.pool, rig.log, [{ name: 'new-one' }, { name: 'old-times', fromStart: true }]);
    expect(await placeOf('new-one')).toBe(head.position.toString());
    expect(await placeOf('old-times')).toBeNull();
    await sell(rig.events.store, rig.stream().tickets, [{ n: 1 }]);
    await registerReactions(rig.pool, rig.log, [{ name: 'new-one' }]);
    expect(await placeOf('new-one')).toBe(head.position.toString());
  });

  it('is taken up by the worker that first runs it', async () => {
    await rig.pool.query('truncate ops.reaction cascade');
    const [before, after] = [rig.stream(), rig.stream()];
    await sold(before.tickets, 'history');
    rig.react();
    await until('the place', () => placeOf(NAME));
    await rig.reached(await sold(after.tickets, 'news'));
    expect([await before.texts(), await after.texts()]).toEqual([[], ['news']]);
  });
});

describe('a reaction in front of another log', () => {
  const restart = async () => {
    const head = await headOf(rig.log);
    await restartReaction(rig.pool, NAME, { storeId: rig.log.storeId, head }, why);
  };

  it.each([
    ['belongs to another event store', "store_id = 'elsewhere'"],
    [
      'is ahead of the event store',
      `position = position + 1000000, stream = 'ticket-gone', revision = 3, event_id = gen_random_uuid()`,
    ],
  ])('that %s stands still and says so, until it is put at the end of this one', async (words, change) => {
    await rig.pool.query(`update ops.reaction set ${change}`);
    const stream = rig.stream();
    await sold(stream.tickets, 'unseen');
    const { lines } = rig.react();
    await until('the word', async () => (await reactionStatus(rig.pool))[0]!.stopped);
    expect((await reactionStatus(rig.pool))[0]!.stopped).toContain(`npm run cli -- reactions restart ${NAME}`);
    await until('the line', () => lines.length > 0);
    expect(lines).toEqual([expect.stringContaining(words)]);
    expect(await stream.texts()).toEqual([]);
    await restart();
    await rig.reached(await sold(stream.tickets, 'seen'));
    expect(await stream.texts()).toEqual(['seen']);
    expect((await reactionStatus(rig.pool))[0]!.stopped).toBeNull();
    expect(lines).toHaveLength(1);
  });

  it('is not put anywhere without a reason, or when there is none of that name', async () => {
    const place = { storeId: rig.log.storeId, head: undefined };
    await expect(restartReaction(rig.pool, NAME, place, { reason: '', by: 'admin' })).rejects.toThrow('for a reason');
    await expect(restartReaction(rig.pool, 'no-such', place, why)).rejects.toThrow('no reaction called no-such');
  });

  it('skips what had failed, with the same reason', async () => {
    const stream = rig.stream();
    rig.react();
    await sold(stream.tickets, 'not allowed', 'behind');
    await until('both', async () => (await failures()).length === 2);
    await restart();
    expect((await failures()).map(({ state, skipped }) => [state, skipped?.reason])).toEqual(
      Array(2).fill(['skipped', why.reason]),
    );
    expect((await all(rig.events.store.readStream(stream.tickets))).length).toBe(2);
  });
});

it('is called by a sentence', () => {
  for (const name of ['note', 'Take-note', 'take note', 'take_note'])
    expect(() => takeNote({ name })).toThrow('Not the name of a reaction');
});
