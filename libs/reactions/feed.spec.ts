import type { StoredEvent } from '@huicai/event-store';
import fc from 'fast-check';
import { EventFeed } from './feed.js';

const interest = { aggregates: new Set(['ticket']), types: new Set(['Sold']) };

const event = (position: number, kind: number): StoredEvent => ({
  id: `${position}`,
  stream: kind === 0 ? 'other-1' : 'ticket-1',
  revision: 0n,
  position: BigInt(position),
  type: ['Sold', '$metadata', 'Sold', 'Returned'][kind]!,
  data: {},
  metadata: {},
  created: 0,
});

const history = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), kind: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((steps) => {
    let position = 0;
    return steps.map(({ gap, kind }) => {
      position += gap;
      return event(position, kind);
    });
  });

/** The history from an event on, in runs of these lengths. */
function offerAll(feed: EventFeed, events: readonly StoredEvent[], from: number, lengths: readonly number[]): void {
  for (let at = from, i = 0; at < events.length; i++) {
    const run = events.slice(at, at + lengths[i % lengths.length]!);
    feed.offer(run, events[at - 1]?.position);
    at += run.length;
  }
}

const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

it('what it says of any place is what the log says, or that it does not know', () => {
  fc.assert(
    fc.property(history, lengths, fc.nat(), fc.integer({ min: 1, max: 8 }), fc.nat(), (events, sizes, from, capacity, place) => {
      const feed = new EventFeed(interest, capacity);
      offerAll(feed, events, from % events.length, sizes);
      const cursor = [null, ...events.map(({ position }) => position), events.at(-1)!.position + 1n][
        place % (events.length + 2)
      ]!;
      const answer = feed.after(cursor);
      const later = events.filter(({ position }) => cursor === null || position > cursor);
      if (answer === 'unknown') return;
      if (answer === 'level') return expect(later).toEqual([]);
      expect(answer.events).toEqual(later.filter(({ stream, type }) => stream === 'ticket-1' && type === 'Sold'));
      expect(answer.upTo).toBe(later.at(-1)!.position);
      expect(answer.end?.position).toBe(
        later.filter(({ stream, type }) => stream === 'ticket-1' && type !== '$metadata').at(-1)?.position,
      );
    }),
  );
});

it('knows the place of a reader that keeps up, whatever it has room for', () => {
  fc.assert(
    fc.property(history, lengths, fc.integer({ min: 8, max: 20 }), (events, sizes, capacity) => {
      const feed = new EventFeed(interest, capacity);
      let cursor: bigint | null = null;
      for (let at = 0, i = 0; at < events.length; i++) {
        const run = events.slice(at, at + sizes[i % sizes.length]!);
        feed.offer(run, events[at - 1]?.position);
        at += run.length;
        const answer = feed.after(cursor);
        if (typeof answer !== 'object') throw new Error(`It was ${answer} after ${cursor}`);
        cursor = answer.upTo;
        expect(feed.after(cursor)).toBe('level');
      }
    }),
  );
});

it('begins anew after a gap', () => {
  const feed = new EventFeed(interest);
  feed.offer([event(1, 2)], undefined);
  feed.offer([event(9, 2)], 5n);
  expect(feed.after(1n)).toBe('unknown');
  expect(feed.after(5n)).toMatchObject({ upTo: 9n });
});

describe('waiting', () => {
  const HOUR = 3_600_000;

  it('ends when something behind the place has come, and not before', async () => {
    const feed = new EventFeed(interest);
    const told: string[] = [];
    const waiting = feed.next(5n, new AbortController().signal, HOUR).then(() => told.push('woken'));
    feed.offer([event(4, 2), event(5, 2)], undefined);
    await new Promise((resolve) => setImmediate(resolve));
    told.push('still waiting');
    feed.offer([event(6, 0)], 5n);
    await waiting;
    expect(told).toEqual(['still waiting', 'woken']);
    await feed.next(5n, new AbortController().signal, HOUR);
  });

  it('ends with the signal, and when its time is over', async () => {
    const feed = new EventFeed(interest);
    const ended = new AbortController();
    const waiting = feed.next(null, ended.signal, HOUR);
    ended.abort();
    await waiting;
    await feed.next(null, ended.signal, HOUR);
    await feed.next(null, new AbortController().signal, 1);
  });
});
