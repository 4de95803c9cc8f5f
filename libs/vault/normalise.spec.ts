import fc from 'fast-check';
import { normaliseCardNumber, normaliseIdNumber, normaliseName, normalisePhone, normaliseText } from './index.js';

const fullWidth = (text: string) => text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
const space = fc.constantFrom('', ' ', '\u3000', '\u00a0', '\t', '\u200b', '  ');
/** The text with spaces of any kind around and between its characters. */
const spaced = (text: string) =>
  fc.array(space, { minLength: text.length + 1, maxLength: text.length + 1 }).map(
    (gaps) =>
      gaps[0] +
      Array.from(text)
        .map((c, i) => c + (gaps[i + 1] ?? ''))
        .join(''),
  );
const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const mobile = digits(10).map((rest) => `1${rest}`);

describe('normalisation', () => {
  it('changes nothing when repeated', () => {
    for (const normalise of [normaliseName, normaliseIdNumber, normaliseCardNumber, normaliseText]) {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (text) => {
          expect(normalise(normalise(text))).toBe(normalise(text));
        }),
        { examples: [['\u03b0']] },
      );
    }
  });

  it('of a name does not see spaces, width and letter case', () => {
    const names = fc.constantFrom('张三', '欧阳娜娜', 'JohnSmith', '阿不都·热合曼');
    fc.assert(
      fc.property(
        names.chain((name) => fc.tuple(fc.constant(name), spaced(name))),
        fc.boolean(),
        ([name, written], wide) => {
          expect(normaliseName(wide ? fullWidth(written).toUpperCase() : written)).toBe(name.toLowerCase());
        },
      ),
    );
    expect(normaliseName('张三')).not.toBe(normaliseName('张山'));
    for (const dot of '·•・.．。') expect(normaliseName(`阿不都${dot}热合曼`)).toBe('阿不都·热合曼');
  });

  it('of a mobile number does not see prefix, spaces, hyphens and width', () => {
    const prefix = fc.constantFrom('', '+86', '86', '0086', '+86-', '(+86) ', '＋８６');
    fc.assert(
      fc.property(prefix, mobile, fc.constantFrom('', ' ', '-'), fc.boolean(), (before, number, gap, wide) => {
        const written = `${before}${number.slice(0, 3)}${gap}${number.slice(3, 7)}${gap}${number.slice(7)}`;
        expect(normalisePhone(wide ? fullWidth(written) : written)).toBe(number);
      }),
    );
  });

  it('of other telephone numbers keeps what tells them apart', () => {
    expect(normalisePhone('0539-8612345')).toBe('05398612345');
    expect(normalisePhone('8612345')).toBe('8612345');
    expect(normalisePhone('+1 380 123 4567')).toBe('+13801234567');
    expect(normalisePhone('001 380 123 4567')).toBe('+13801234567');
    expect(normalisePhone('1380 123 4567')).toBe('13801234567');
    expect(normalisePhone('无')).toBe('');
  });

  it('of an identity number does not see spaces, width and the case of its check digit', () => {
    fc.assert(
      fc.property(
        digits(17).chain((body) => fc.tuple(fc.constant(body), spaced(`${body}x`))),
        fc.boolean(),
        ([body, written], wide) => {
          expect(normaliseIdNumber(wide ? fullWidth(written) : written)).toBe(`${body}X`);
        },
      ),
    );
  });

  it('of a card number does not see groups', () => {
    expect(normaliseCardNumber(' ym12–3456 78-9x ')).toBe('YM123456789X');
    expect(normaliseText(' Ａ b ')).toBe('A b');
  });
});
