import { cursorOf, readCursor } from './cursor.js';
import { BadInput } from './faults.js';
import { flagParameter, languageOf, numberParameter, readParameters, required, textParameter, wholeNumber } from './index.js';

describe('headers, query strings, cursors', () => {
  it.each([
    [undefined, 'zh'],
    ['', 'zh'],
    ['en', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['fr, en;q=0.3, zh-CN;q=0.4', 'zh'],
    ['zh;q=0, en;q=0.1', 'en'],
    ['*', 'zh'],
    ['de', 'zh'],
  ])('choose a language by Accept-Language %j', (accepted, expected) => {
    expect(languageOf(accepted)).toBe(expected);
  });

  const known = {
    limit: numberParameter(wholeNumber(1, 10), ''),
    open: flagParameter(''),
    name: required(textParameter(() => undefined, '')),
  };

  it('read what a query string may have', () => {
    expect(readParameters(known, { limit: '7', open: 'false', name: 'e\u0301' })).toEqual({ limit: 7, open: false, name: 'é' });
  });

  it('refuse every parameter that is wrong, all at once', () => {
    const reading = () => readParameters(known, { limit: '1e1', open: 'yes', constructor: 'x', '\u0000': 'x' });
    expect(reading).toThrow(BadInput);
    try {
      reading();
    } catch (error) {
      expect((error as BadInput).errors.map(({ field, code }) => [field, code])).toEqual([
        ['limit', 'wrong-type'],
        ['open', 'wrong-type'],
        ['constructor', 'unknown-parameter'],
        ['?', 'unknown-parameter'],
        ['name', 'field-required'],
      ]);
    }
  });

  it('read back the cursors they gave out, and no others', () => {
    const forms = { due: /^\d+$/, id: /^[a-z]+$/ };
    expect(readCursor(cursorOf({ due: '12', id: 'abc' }), forms)).toEqual({ due: '12', id: 'abc' });
    for (const text of [
      '',
      '!',
      cursorOf({ due: '12' }),
      cursorOf({ due: 'x', id: 'abc' }),
      Buffer.from('null').toString('base64url'),
    ])
      expect(() => readCursor(text, forms)).toThrow(BadInput);
  });
});
