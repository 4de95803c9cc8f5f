import fc from 'fast-check';
import { canonical, canonicalJson, NotCanonicalError } from './canonical.js';

/** Keys and numbers that have a canonical form; everything else is refused, see below. */
const key = fc.string({ unit: 'grapheme-composite' }).filter((text) => !/^(0|[1-9]\d*)$/.test(text) && text !== '__proto__');
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    number,
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(key, tie('any'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).any;

/** The same value with the members of every object in another order. */
const reversed = (given: unknown): unknown => {
  if (Array.isArray(given)) return given.map(reversed);
  if (typeof given !== 'object' || given === null) return given;
  return Object.fromEntries(
    Object.entries(given)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
};

const noMinusZero = (given: unknown): unknown => JSON.parse(JSON.stringify(given));

describe('canonical JSON (RFC 8785)', () => {
  it('writes numbers, strings and literals as the RFC shows', () => {
    const numbers = [Number('333333333.33333329'), 4.5, 2e-3, 0.000000000000000000000000001];
    const text = '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"\u002f';
    expect(canonicalJson({ numbers, string: text, literals: [null, true, false] })).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by UTF-16 code units as the RFC shows', () => {
    const keys = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalJson(keys)))).toEqual([
      'Carriage Return',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it.each([
    [0, '0'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [-5e-324, '-5e-324'],
    [9007199254740991, '9007199254740991'],
    [-9007199254740991, '-9007199254740991'],
    [0.1, '0.1'],
    [1e-7, '1e-7'],
  ])('writes %d as %s', (given, text) => {
    expect(canonicalJson(given)).toBe(text);
  });

  it('leaves out members without a value', () => {
    expect(canonicalJson({ b: undefined, a: { c: undefined } })).toBe('{"a":{}}');
    expect(canonical({ b: undefined, a: 1 })).toStrictEqual({ a: 1 });
  });

  it('means the same after parsing', () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(JSON.parse(canonicalJson(given))).toStrictEqual(noMinusZero(given));
      }),
    );
  });

  it('does not depend on the order of keys, and is its own canonical form', () => {
    fc.assert(
      fc.property(value, (given) => {
        const text = canonicalJson(given);
        expect(canonicalJson(reversed(given))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.stringify(canonical(reversed(given)))).toBe(text);
      }),
    );
  });

  it('differs for values that differ', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const same = JSON.stringify(reversed(reversed(a))) === JSON.stringify(b);
        if (same) expect(canonicalJson(a)).toBe(canonicalJson(b));
        if (canonicalJson(a) === canonicalJson(b)) expect(noMinusZero(a)).toStrictEqual(noMinusZero(b));
      }),
    );
  });

  it('writes into nothing it was given', () => {
    const given = Object.freeze({ b: Object.freeze([Object.freeze({ z: 1, y: 2 })]), a: 1 });
    expect(canonicalJson(given)).toBe('{"a":1,"b":[{"y":2,"z":1}]}');
    expect(Object.keys(given)).toEqual(['b', 'a']);
  });
});

describe('what has no canonical form', () => {
  const hole: unknown[] = [];
  hole.length = 1;

  it.each<[string, unknown, string]>([
    ['an integer outside the safe range', { a: [0, 2 ** 53] }, 'a[1]'],
    ['1E30 of the RFC, an integer like it', { a: 1e30 }, 'a'],
    ['NaN', { a: Number.NaN }, 'a'],
    ['infinity', [Number.POSITIVE_INFINITY], '[0]'],
    ['an integer-like key', { a: { '10': true } }, 'a.10'],
    ['the key 0', { '0': true }, '0'],
    ['a lone high surrogate', { a: 'x\ud83d' }, 'a'],
    ['a lone low surrogate', { a: '\ude00x' }, 'a'],
    ['surrogates the wrong way round', ['\ude00\ud83d'], '[0]'],
    ['a lone surrogate in a key', { 'a\ud83d': 1 }, 'a\ud83d'],
    ['the key __proto__', JSON.parse('{"a":{"__proto__":{"x":1}}}'), 'a.__proto__'],
    ['a date', { a: new Date(0) }, 'a'],
    ['a map', { a: new Map() }, 'a'],
    ['a buffer', { a: Buffer.from('x') }, 'a'],
    ['a bigint', { a: 1n }, 'a'],
    ['a function', { a: { toJSON: () => 1 } }, 'a.toJSON'],
    ['undefined itself', undefined, ''],
    ['undefined in a list', { a: [undefined] }, 'a[0]'],
    ['a hole in a list', { a: hole }, 'a[0]'],
  ])('%s is refused, and the place named', (_, given, path) => {
    for (const work of [() => canonicalJson(given), () => canonical(given)]) {
      let error: unknown;
      try {
        work();
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(NotCanonicalError);
      expect(error).toMatchObject({ path });
    }
  });

  it.each(['00', '01', '-1', '1.5', '1e3', '１'])('the key %j is not integer-like', (name) => {
    expect(canonicalJson({ [name]: 1 })).toBe(`{${JSON.stringify(name)}:1}`);
  });
});
