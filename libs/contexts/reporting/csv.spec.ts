import fc from 'fast-check';
import { csvField, csvLine } from './csv.js';

/** A reader of RFC 4180, said as simply as can be. */
function read(line: string): string[] {
  expect(line.endsWith('\r\n')).toBe(true);
  return [...line.slice(0, -2).matchAll(/"((?:[^"]|"")*)"(,|$)/g)].map((field) => field[1]!.replaceAll('""', '"'));
}

it('whatever stands in a field comes back, but for what a spreadsheet would reckon', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('"', ',', '\n', '=1', "'=1")), { minLength: 1 }),
      (fields) => {
        const back = read(csvLine(fields));
        expect(back).toEqual(fields.map((field) => (/^\s*[=+\-@\t\r]/.test(field) ? `'${field}` : field)));
        for (const field of back) expect(field).not.toMatch(/^\s*[=+\-@]/);
      },
    ),
  );
});

it.each([
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', `"'+1"`],
  ['-2', `"'-2"`],
  ['@x', `"'@x"`],
  ['\t=1', `"'\t=1"`],
  [' =1', `"' =1"`],
  [-2, '"-2"'],
  [null, '""'],
])('%j is written %s', (value, text) => {
  expect(csvField(value)).toBe(text);
});
