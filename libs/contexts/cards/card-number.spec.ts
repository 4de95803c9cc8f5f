import fc from 'fast-check';
import { cardNumber, isCardNumber } from './card-holder.js';

const BODY = '0000000001';

describe('a card number', () => {
  it('has the district, ten digits and an ISO 7064 check digit', () => {
    expect(cardNumber(BODY)).toMatch(/^3713\d{11}$/);
    expect(isCardNumber(cardNumber(BODY))).toBe(true);
  });

  it('is found out when one digit is wrong', () => {
    const body = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 10, maxLength: 10 }).map((digits) => digits.join(''));
    fc.assert(
      fc.property(body, fc.integer({ min: 4, max: 14 }), fc.integer({ min: 1, max: 9 }), (digits, i, by) => {
        const right = cardNumber(digits);
        const wrong = right.slice(0, i) + ((Number(right[i]) + by) % 10) + right.slice(i + 1);
        return isCardNumber(right) && !isCardNumber(wrong);
      }),
    );
  });

  it.each(['', '3713', `${cardNumber(BODY)}0`, `4${cardNumber(BODY).slice(1)}`, ` ${cardNumber(BODY)}`])('is not %j', (text) => {
    expect(isCardNumber(text)).toBe(false);
  });
});
