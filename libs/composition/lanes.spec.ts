import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { inLanes } from './lanes.js';

const never = new AbortController().signal;

describe('work in lanes', () => {
  it('begins in order, keeps to its lanes, and takes what belongs together one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), ms: fc.integer({ min: 0, max: 3 }) }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        async (items, lanes) => {
          const open = new Set<string>();
          const done: number[] = [];
          const begun = new Map<string, number[]>();
          let most = 0;
          await inLanes(
            items.map((item, i) => ({ ...item, i })),
            lanes,
            ({ key }) => key,
            never,
            async ({ key, ms, i }) => {
              expect(open.has(key)).toBe(false);
              open.add(key);
              most = Math.max(most, open.size);
              begun.set(key, [...(begun.get(key) ?? []), i]);
              // Never further ahead than there are lanes.
              expect(i - done.length).toBeLessThan(lanes);
              await delay(ms);
              open.delete(key);
              done.push(i);
            },
          );
          expect(most).toBeLessThanOrEqual(lanes);
          expect(done).toHaveLength(items.length);
          for (const order of begun.values()) expect(order).toEqual([...order].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lets what has begun end after a failure, begins nothing more, and tells the first', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = async (i: number) => {
      begun.push(i);
      await delay(i === 1 ? 1 : 20);
      if (i === 1) throw new Error('the first');
      ended.push(i);
      if (i === 2) throw new Error('the second');
    };
    await expect(inLanes([0, 1, 2, 3, 4, 5], 3, String, never, work)).rejects.toThrow('the first');
    expect(begun).toEqual([0, 1, 2]);
    expect(ended.sort((a, b) => a - b)).toEqual([0, 2]);
  });

  it('does not hold back, nor begin, what waits for a failed one of its kind', async () => {
    const begun: number[] = [];
    const work = async (i: number) => {
      begun.push(i);
      await delay(1);
      throw new Error('failed');
    };
    await expect(inLanes([0, 1, 2], 3, () => 'same', never, work)).rejects.toThrow('failed');
    expect(begun).toEqual([0]);
  });

  it('begins nothing more once it is to end', async () => {
    const end = new AbortController();
    const begun: number[] = [];
    await inLanes([0, 1, 2, 3], 2, String, end.signal, async (i) => {
      begun.push(i);
      if (i === 1) end.abort();
      await delay(1);
    });
    expect(begun).toEqual([0, 1]);
  });
});
