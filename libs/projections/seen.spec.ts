import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Seen } from './seen.js';

describe('names that were seen', () => {
  it('are always known again', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (names) => {
        const seen = new Seen();
        for (const name of names) seen.add(name);
        expect(names.filter((name) => !seen.mayHave(name))).toEqual([]);
      }),
    );
  });

  it('are seldom taken for others', () => {
    const seen = new Seen();
    expect(seen.mayHave('anything')).toBe(false);
    for (let i = 0; i < 100_000; i++) seen.add(randomUUID());
    const mistaken = Array.from({ length: 10_000 }, () => randomUUID()).filter((name) => seen.mayHave(name));
    expect(mistaken.length).toBeLessThan(100);
  });
});
