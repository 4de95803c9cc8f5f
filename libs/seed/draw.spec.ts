import fc from 'fast-check';
import { Draw } from './draw.js';

const name = fc.array(fc.oneof(fc.string(), fc.nat()), { minLength: 1, maxLength: 4 });

describe('drawing', () => {
  it('gives one thing of one year the same numbers again, and another thing others', () => {
    const of = (draw: Draw) => Array.from({ length: 20 }, () => draw.fraction());
    expect(of(new Draw(1, 'case', 7))).toEqual(of(new Draw(1, 'case', 7)));
    expect(of(new Draw(1, 'case', 7))).not.toEqual(of(new Draw(1, 'case', 8)));
    expect(of(new Draw(1, 'case', 7))).not.toEqual(of(new Draw(2, 'case', 7)));
    // Were it to change, a year begun by an older program could not be gone on with.
    expect(new Draw(20240807, 'case', 0).digits(10)).toBe('7181798866');
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(fc.integer(), name, fc.integer({ min: -1_000, max: 1_000 }), fc.nat(2_000), (seed, key, min, span) => {
        const draw = new Draw(seed, ...key);
        for (let i = 0; i < 20; i++) {
          const fraction = draw.fraction();
          expect(fraction >= 0 && fraction < 1).toBe(true);
          const whole = draw.int(min, min + span);
          expect(Number.isInteger(whole) && whole >= min && whole <= min + span).toBe(true);
        }
      }),
    );
  });

  it('reaches every value about equally often', () => {
    const draw = new Draw(3, 'even');
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) counts[draw.int(0, 9)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('shuffles without losing anything', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat()), (seed, items) => {
        const sorted = (all: readonly number[]) => all.toSorted((a, b) => a - b);
        expect(sorted(new Draw(seed, 'shuffle').shuffled(items))).toEqual(sorted(items));
      }),
    );
  });

  it('picks by weight and never what has none', () => {
    const draw = new Draw(5, 'weights');
    const picked = Array.from({ length: 4_000 }, () => draw.weighted(['a', 'b', 'c'], (x) => ({ a: 3, b: 0, c: 1 })[x]!));
    const share = (what: string) => picked.filter((one) => one === what).length / picked.length;
    expect(share('b')).toBe(0);
    expect(share('a')).toBeGreaterThan(0.7);
    expect(share('a')).toBeLessThan(0.8);
    expect(() => draw.pick([])).toThrow(RangeError);
  });
});
