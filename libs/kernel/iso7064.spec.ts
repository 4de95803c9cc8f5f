import fc from 'fast-check';
import { mod11_2, mod11_10 } from './iso7064.js';

const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }).map((d) => d.join(''));

describe('ISO 7064', () => {
  it('gives the check characters of published examples', () => {
    expect(mod11_2('11010519491231002')).toBe('X');
    expect(mod11_2('44052418800101001')).toBe('4');
    expect(mod11_10('0794')).toBe('5');
  });

  it.each([
    ['MOD 11-2', mod11_2],
    ['MOD 11,10', mod11_10],
  ])('%s finds every single wrong digit', (_, check) => {
    fc.assert(
      fc.property(digits, fc.nat(), fc.integer({ min: 1, max: 9 }), (body, at, by) => {
        const i = at % body.length;
        const wrong = body.slice(0, i) + ((Number(body[i]) + by) % 10) + body.slice(i + 1);
        return check(wrong) !== check(body);
      }),
    );
  });
});
