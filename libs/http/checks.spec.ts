import { mod11_2 } from '@huicai/kernel';
import fc from 'fast-check';
import { calendarDay, documentNumber, freeText, label, listOf, oneOf, personName, phoneNumber, wholeNumber } from './checks.js';

const code = (found: { code: string } | undefined) => found?.code;

describe('checks of one value', () => {
  const residentId = fc
    .tuple(
      fc.integer({ min: 100000, max: 999999 }),
      fc.date({ min: new Date('1920-01-01'), max: new Date('2020-12-31'), noInvalidDate: true }),
      fc.integer({ min: 0, max: 999 }),
    )
    .map(([region, born, serial]) => {
      const body = `${region}${born.toISOString().slice(0, 10).replaceAll('-', '')}${String(serial).padStart(3, '0')}`;
      return body + mod11_2(body);
    });
  const asResident = { documentType: 'RESIDENT_ID' };

  it('take every well-formed resident identity number and none with a digit changed', () => {
    fc.assert(
      fc.property(residentId, fc.nat(16), fc.integer({ min: 1, max: 9 }), (number, place, by) => {
        expect(documentNumber(number, asResident)).toBeUndefined();
        const digit = (Number(number[place]) + by) % 10;
        expect(documentNumber(number.slice(0, place) + digit + number.slice(place + 1), asResident)).toBeDefined();
      }),
    );
  });

  it('take exactly the days that exist', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1900, max: 2199 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (y, m, d) => {
          const day = `${y}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}`;
          const exists = m >= 1 && m <= 12 && d >= 1 && d <= new Date(Date.UTC(y, m, 0)).getUTCDate();
          expect(code(calendarDay(day, {}))).toBe(exists ? undefined : 'date-invalid');
        },
      ),
    );
  });

  it('never throw, whatever they are given', () => {
    const all = [
      calendarDay,
      documentNumber,
      freeText(),
      label(10),
      listOf(personName, 3),
      oneOf(['a']),
      personName,
      phoneNumber,
      wholeNumber(1, 5),
    ];
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...all), (value, check) => {
        const found = check(value, asResident);
        expect(found === undefined || typeof found.code === 'string').toBe(true);
      }),
    );
  });

  it.each([
    ['张三', undefined],
    ['阿卜杜拉·买买提', undefined],
    ["O'Neil, Jr", 'name-character'],
    ["Anne-Marie O'Neil", undefined],
    ['123', 'name-character'],
    ['张\ufe0f', 'emoji-in-name'],
    ['\u3000', 'text-empty'],
  ])('take names of many scripts: %j', (name, expected) => {
    expect(code(personName(name, {}))).toBe(expected);
  });

  it('count characters, not code units', () => {
    expect(freeText(2)('𠮷𠮷', {})).toBeUndefined();
    expect(code(freeText(2)('𠮷𠮷𠮷', {}))).toBe('text-too-long');
  });

  it('let lines and tabs into free text, and smileys, but no other control', () => {
    expect(freeText()('一行\n\t二行 😀', {})).toBeUndefined();
    expect(code(freeText()('一行\r\n', {}))).toBe('control-character');
    expect(code(label(50)('一\u2028行', {}))).toBe('control-character');
  });

  it('name the entry of a list that is wrong', () => {
    expect(listOf(oneOf(['a']), 3)(['a', 'b'], {})).toMatchObject({ code: 'not-one-of', at: '[1]' });
    expect(code(listOf(oneOf(['a']), 1)(['a', 'a'], {}))).toBe('list-too-long');
  });
});
