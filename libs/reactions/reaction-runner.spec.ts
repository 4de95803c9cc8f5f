import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { systemCommandId, UpcasterRegistry } from '@huicai/kernel';
import { CheckpointMovedError } from '@huicai/projections';
import fc from 'fast-check';
import { all } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { cutConnections, sell } from '../projections/toy.fixture.js';
import { listFailures, reactionStatus } from './index.js';
import { consequenceOf, ToyRig, takeNote } from './toy.fixture.js';

jest.setTimeout(60_000);

let rig: ToyRig;
beforeAll(async () => {
  rig = await ToyRig.start();
});
beforeEach(async () => {
  await rig.startHere();
});
afterEach(() => rig.quiet());
afterAll(() => rig?.close());

const sold = (stream: string, ...texts: string[]) =>
  sell(
    rig.events.store,
    stream,
    texts.map((text, n) => ({ n, text })),
  );
const metadataOf = ({ metadata }: { metadata: unknown }) => metadata as Record<string, unknown>;
const failures = () => listFailures(rig.pool, { skipped: true });
const stateOf = async () => (await failures()).map(({ state, type, attempts }) => ({ state, type, attempts }));

describe('a reaction', () => {
  it('sends its commands once, in order, with the event as their cause', async () => {
    const { tickets, notes, texts } = rig.stream();
    const last = await sold(tickets, 'one', 'silent', 'twice');
    const running = rig.react();
    await rig.reached(last);
    expect(await texts()).toEqual(['one', 'twice', 'twice']);
    const [one, , twice] = await all(rig.events.store.readStream(tickets));
    const ids = [systemCommandId('reaction', 'take-note-of-sale', one!.id, 0)].concat(
      [0, 1].map((index) => systemCommandId('reaction', 'take-note-of-sale', twice!.id, index)),
    );
    const taken = await notes();
    expect(taken.map((note) => metadataOf(note).commandId)).toEqual(ids);
    expect(metadataOf(taken[0]!)).toMatchObject({
      $causationId: one!.id,
      $correlationId: metadataOf(one!).$correlationId,
      actor: { id: 'reaction', role: 'system' },
    });
    await running.stop();
    expect(running.lines).toEqual([]);
  });

  it('that died between command and checkpoint repeats nothing', async () => {
    const { tickets, notes } = rig.stream();
    const last = await sold(tickets, 'one', 'two');
    let sent = 0;
    // Nobody comes back from the second command: what a kill leaves.
    const dead = rig.react({
      send: async (...args) => {
        await rig.send(...args);
        if (++sent === 2) await new Promise(() => undefined);
      },
    });
    dead.stop = async () => undefined;
    await until('both notes', async () => (await notes()).length === 2);
    const before = await notes();
    expect(await reactionStatus(rig.pool)).not.toMatchObject([{ position: last.toString() }]);
    rig.react();
    await rig.reached(last);
    expect(await notes()).toEqual(before);
  });

  it('is told everything up to the event, and nothing after it, of the stream it asks for', async () => {
    const { tickets, texts } = rig.stream();
    const last = await sold(tickets, 'a', 'b', 'c');
    rig.react({
      reaction: takeNote({
        asks: (({ stream }: { stream: string }) => ({ stream, initial: 0, fold: (n: number) => n + 1 })) as never,
        react: ({ stream }, known) => [consequenceOf(stream, known as unknown as number)],
      }),
    });
    await rig.reached(last);
    expect(await texts()).toEqual([1, 2, 3]);
  });

  it('leaves alone what was loaded later than it happened', async () => {
    const { tickets, texts } = rig.stream();
    const stream = rig.stream();
    await sold(stream.tickets, 'now');
    const metadata = { ...metadataOf((await all(rig.events.store.readStream(stream.tickets)))[0]!), backfill: true };
    await sell(rig.events.store, tickets, [{ n: 1, metadata }, { n: 2 }]);
    rig.react();
    await until('the note', async () => (await texts()).length > 0);
    expect(await texts()).toEqual([2]);
  });

  it('waits while it is held, and makes up for it afterwards', async () => {
    let held = true;
    let asked = 0;
    const { tickets, texts } = rig.stream();
    const last = await sold(tickets, 'one');
    rig.react({
      held: async () => {
        asked++;
        return held;
      },
    });
    await until('a few looks', () => asked > 3);
    expect(await texts()).toEqual([]);
    held = false;
    await rig.reached(last);
    expect(await texts()).toEqual(['one']);
  });

  it('takes a refusal that the step is no longer possible for an answer', async () => {
    const { tickets, texts } = rig.stream();
    const last = await sold(tickets, 'too late', 'next');
    const { lines } = rig.react();
    await rig.reached(last);
    expect(await texts()).toEqual(['next']);
    expect(lines).toEqual([`reaction take-note-of-sale: TakeNote for note ${tickets.slice(7)} no longer applies: illegal-step`]);
    expect(await failures()).toEqual([]);
  });

  it('passes over what does not concern it, and remembers so', async () => {
    const stream = rig.stream();
    const last = await sell(rig.events.store, stream.tickets, [{ n: 1, type: 'TicketReturned' }]);
    rig.react();
    await rig.reached(last);
    expect(await stream.texts()).toEqual([]);
  });
});

describe('an event that can not be handled', () => {
  it('is tried again, then parked; its stream waits, the others go on', async () => {
    const [bad, good] = [rig.stream(), rig.stream()];
    await sold(bad.tickets, 'not allowed', 'behind it', 'and this');
    const last = await sold(good.tickets, 'fine');
    const { lines } = rig.react();
    await rig.reached(last);
    await until('the parking', async () => (await failures())[0]?.state === 'parked');
    expect(await stateOf()).toEqual([
      { state: 'parked', type: 'TicketSold', attempts: 3 },
      { state: 'waiting', type: 'TicketSold', attempts: 0 },
      { state: 'waiting', type: 'TicketSold', attempts: 0 },
    ]);
    expect((await failures())[0]).toMatchObject({
      stream: bad.tickets,
      revision: '0',
      error: 'Refusal: role-not-allowed',
      nextAt: null,
    });
    expect([await bad.texts(), await good.texts()]).toEqual([[], ['fine']]);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(`has parked event`);
    expect(await reactionStatus(rig.pool)).toMatchObject([{ parked: 1, waiting: 2, retrying: 0, skipped: 0 }]);
    // What comes later stands behind, too.
    const more = await sold(bad.tickets, 'later');
    await rig.reached(more);
    expect((await stateOf()).at(-1)).toEqual({ state: 'waiting', type: 'TicketSold', attempts: 0 });
  });

  it('is tried again after a pause that grows, and what waited follows in order once it is done', async () => {
    const { tickets, texts } = rig.stream();
    const last = await sold(tickets, 'a', 'b', 'c');
    let broken = true;
    const pauses: number[] = [];
    rig.react({
      send: async (...args) => {
        if (broken) throw new Error('broken');
        await rig.send(...args);
      },
      retry: {
        attempts: 1_000,
        pauseMs: (attempt) => {
          pauses.push(attempt);
          return attempt;
        },
      },
    });
    await rig.reached(last);
    await until('some attempts', () => pauses.length > 3);
    expect((await failures())[0]).toMatchObject({ state: 'retrying', error: 'Error: broken', nextAt: expect.any(Date) });
    expect(pauses.slice(0, 4)).toEqual([1, 2, 3, 4]);
    broken = false;
    await until('nothing left', async () => (await failures()).length === 0);
    expect(await texts()).toEqual(['a', 'b', 'c']);
  });

  it('is not tried before its pause is over', async () => {
    const { tickets } = rig.stream();
    const last = await sold(tickets, 'not allowed');
    let looks = 0;
    let attempts = 0;
    rig.react({
      held: async () => ++looks < 0,
      send: async (...args) => {
        attempts++;
        await rig.send(...args);
      },
      retry: { attempts: 3, pauseMs: () => 3_600_000 },
    });
    await rig.reached(last);
    const from = looks;
    await until('more looks', () => looks > from + 5);
    expect(attempts).toBe(1);
    expect(await stateOf()).toEqual([{ state: 'retrying', type: 'TicketSold', attempts: 1 }]);
  });

  it('because this program can not read it is no different', async () => {
    const { tickets, texts } = rig.stream();
    const stranger = { actor: 'somebody' };
    const last = await sell(rig.events.store, tickets, [{ n: 1, metadata: stranger }, { n: 2 }]);
    rig.react();
    await rig.reached(last);
    await until('the parking', async () => (await failures())[0]?.state === 'parked');
    expect((await failures())[0]!.error).toContain('was not written by this system');
    expect(await texts()).toEqual([]);
  });

  it('whose first command was sent does not send it again', async () => {
    const { tickets, notes } = rig.stream();
    await sold(tickets, 'twice');
    let calls = 0;
    rig.react({
      send: async (...args) => {
        if (++calls === 2) throw new Error('broken');
        await rig.send(...args);
      },
    });
    await until('both', async () => (await notes()).length === 2);
    await until('nothing left', async () => (await failures()).length === 0);
    expect(await notes()).toHaveLength(2);
    expect(calls).toBe(4);
  });
});

describe('servers that are away', () => {
  it('are sat out, told once and no failure of the event', async () => {
    const stream = rig.stream();
    const running = rig.react();
    await rig.reached(await sold(stream.tickets, 'before'));
    await rig.events.stop();
    await until('the trouble', () => running.lines.some((line) => line.startsWith('reaction take-note-of-sale waits')));
    await rig.events.start();
    const last = await until('the sale', () => sold(stream.tickets, 'after').catch(() => false as const));
    await rig.reached(last);
    await cutConnections(rig.databaseUrl);
    await rig.reached(await sold(stream.tickets, 'at last'));
    expect(await stream.texts()).toEqual(['before', 'after', 'at last']);
    expect(await failures()).toEqual([]);
    expect(running.lines.filter((line) => line.endsWith('goes on')).length).toBeGreaterThan(0);
  });
});

describe('two leaders at once', () => {
  it('send nothing twice, and one of them steps back', async () => {
    const stream = rig.stream();
    const over: unknown[] = [];
    for (const one of [rig.react(), rig.react()]) one.done.then(undefined, (error: unknown) => over.push(error));
    let last = 0n;
    for (let i = 0; i < 20; i++) last = await sold(stream.tickets, `${i}`);
    await until('one to step back', () => over.length > 0);
    expect(over).toEqual([expect.any(CheckpointMovedError)]);
    await rig.quiet();
    rig.react();
    await rig.reached(last);
    expect(await stream.texts()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  it('a stale one that comes late with the checkpoint is turned away', async () => {
    const stream = rig.stream();
    const late = new AbortController();
    const waiting = once(late.signal, 'abort');
    let arrived = false;
    const stale = rig.react({
      send: async (...args) => {
        arrived = true;
        await waiting;
        await rig.send(...args);
      },
    });
    const last = await sold(stream.tickets, 'one');
    await until('the stale one to be at it', () => arrived);
    rig.react();
    await rig.reached(last);
    late.abort();
    await expect(stale.done).rejects.toThrow(CheckpointMovedError);
    expect(await stream.texts()).toEqual(['one']);
  });
});

describe('whatever is delivered twice', () => {
  it('gives the same log, from any place on', async () => {
    const sale = fc.record({
      stream: fc.integer({ min: 0, max: 2 }),
      text: fc.constantFrom('plain', 'twice', 'silent', 'too late', 'plain'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sale, { minLength: 1, maxLength: 8 }), fc.nat(), async (sales, cut) => {
        const streams = [rig.stream(), rig.stream(), rig.stream()];
        const end = rig.stream();
        const first = await sold(end.tickets, 'begin');
        const positions = [first];
        for (const { stream, text } of sales) positions.push(await sold(streams[stream]!.tickets, text));
        const last = await sold(end.tickets, 'end');
        const running = rig.react();
        await rig.reached(last);
        const notes = () => Promise.all(streams.map((stream) => stream.notes()));
        const before = await notes();
        await running.stop();
        const again = positions[cut % positions.length]!;
        await rig.pool.query('update ops.reaction set position = $1, stream = null', [again.toString()]);
        const repeated = rig.react();
        await rig.reached(last);
        await repeated.stop();
        expect(await notes()).toEqual(before);
      }),
      { numRuns: 12 },
    );
  });
});

it('an upcaster that fails is a failure of the event, and heals with the program', async () => {
  const { tickets, texts } = rig.stream();
  const last = await sold(tickets, 'old');
  const broken = new UpcasterRegistry({
    TicketSold: [
      () => {
        throw new Error(`can not read ${randomUUID()}`);
      },
    ],
  } as never);
  const running = rig.react({ upcasters: broken });
  await rig.reached(last);
  await until('the parking', async () => (await failures())[0]?.state === 'parked');
  await running.stop();
  await rig.pool.query("update ops.reaction_failures set state = 'retrying', attempts = 0");
  rig.react();
  await until('the note', async () => (await texts()).length > 0);
});
