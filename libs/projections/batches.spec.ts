import fc from 'fast-check';
import { until } from '../../test/support/until.js';
import { batches } from './batches.js';

/** A source that hands out what it is given when it is told to, and counts how often it is asked. */
function source<T>() {
  const waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  const ready: IteratorResult<T, undefined>[] = [];
  const state = { asked: 0, returned: false };
  const give = (result: IteratorResult<T, undefined>) => {
    const next = waiting.shift();
    if (next) next(result);
    else ready.push(result);
  };
  const items = {
    next: () => {
      state.asked++;
      const result = ready.shift();
      return result ? Promise.resolve(result) : new Promise<IteratorResult<T, undefined>>((resolve) => waiting.push(resolve));
    },
    return: () => {
      state.returned = true;
      return Promise.resolve({ done: true as const, value: undefined });
    },
    [Symbol.asyncIterator]: () => items,
  } as unknown as AsyncGenerator<T, void, undefined>;
  return {
    items,
    state,
    put: (...values: T[]) => {
      for (const value of values) give({ done: false, value });
    },
    end: () => give({ done: true, value: undefined }),
  };
}

it('hands on a lone item at once, and a flood in full batches', async () => {
  const { items, put, end } = source<number>();
  const all = batches(items, 3);
  put(1);
  expect((await all.next()).value).toEqual([1]);
  put(2, 3, 4, 5, 6, 7, 8);
  expect((await all.next()).value).toEqual([2, 3, 4]);
  expect((await all.next()).value).toEqual([5, 6, 7]);
  expect((await all.next()).value).toEqual([8]);
  const next = all.next();
  put(9);
  expect((await next).value).toEqual([9]);
  end();
  expect((await all.next()).done).toBe(true);
});

it('waits for more, until a batch is full or its time has come, when the batch before it has only just begun', async () => {
  const hour = 3_600_000;
  const { items, put, end } = source<number>();
  const all = batches(items, 3, hour);
  put(1);
  expect((await all.next()).value).toEqual([1]);
  const second = all.next();
  for (const n of [2, 3, 4, 5]) {
    put(n);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await second).value).toEqual([2, 3, 4]);
  const third = all.next();
  put(6);
  end();
  expect((await third).value).toEqual([5, 6]);
  expect((await all.next()).done).toBe(true);

  const trickle = source<number>();
  const timed = batches(trickle.items, 100, 20);
  trickle.put(1);
  expect((await timed.next()).value).toEqual([1]);
  trickle.put(2);
  expect((await timed.next()).value).toEqual([2]);
  await timed.return();
});

it('asks for one item only while a batch is worked on', async () => {
  const { items, state, put } = source<number>();
  const all = batches(items, 3);
  put(...Array.from({ length: 100 }, (_, i) => i));
  await all.next();
  expect(state.asked).toBe(4);
  await all.next();
  expect(state.asked).toBe(7);
  await all.return();
});

it('loses and doubles nothing, keeps the order, and never exceeds its size', async () => {
  const chunks = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 8 }), fc.boolean(), async (sizes, size, breathes) => {
      let n = 0;
      const wanted: number[] = [];
      async function* all() {
        for (const count of sizes) {
          for (let i = 0; i < count; i++) {
            wanted.push(n);
            yield n++;
          }
          if (breathes) await new Promise((resolve) => setImmediate(resolve));
        }
      }
      const got: number[] = [];
      for await (const batch of batches(all(), size, 1)) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(size);
        got.push(...batch);
      }
      expect(got).toEqual(wanted);
    }),
  );
});

it('passes on the failure of its source, after what came before it', async () => {
  async function* failing() {
    yield 1;
    throw new Error('broken');
  }
  const got: number[][] = [];
  const reading = (async () => {
    for await (const batch of batches(failing(), 5)) got.push(batch);
  })();
  await expect(reading).rejects.toThrow('broken');
});

it('returns its source when its consumer leaves', async () => {
  const { items, state, put } = source<number>();
  const all = batches(items, 3);
  put(1, 2);
  await all.next();
  await all.return();
  await until('the return', () => state.returned);
});
