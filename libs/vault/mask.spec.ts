import fc from 'fast-check';
import { maskIdNumber, maskName, maskPhone } from './index.js';

describe('masks', () => {
  it.each([
    ['张三', '张*'],
    ['张伟明', '张**'],
    ['欧阳娜娜', '欧阳**'],
    ['欧阳', '欧*'],
    ['𠮷野', '𠮷*'],
    ['阿不都·热合曼', '阿******'],
    [' 张三 ', '张*'],
    ['张', '*'],
    ['', ''],
  ])('of the name %s is %s', (name, masked) => {
    expect(maskName(name)).toBe(masked);
  });

  it.each([
    ['13812341234', '138****1234'],
    ['+8613812341234', '+86*******1234'],
    ['8612345', '***2345'],
    ['12345', '*****'],
  ])('of the telephone number %s is %s', (phone, masked) => {
    expect(maskPhone(phone)).toBe(masked);
  });

  it.each([
    ['11010519491231002X', '**************002X'],
    ['E12345678', '*****5678'],
    ['1234567', '*******'],
  ])('of the identity number %s is %s', (idNumber, masked) => {
    expect(maskIdNumber(idNumber)).toBe(masked);
  });

  it('keep the length and never show more than their rule allows', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Z]{1,20}$/), (text) => {
        const shown = (masked: string) => masked.replaceAll('*', '').length;
        for (const mask of [maskName, maskPhone, maskIdNumber]) expect(mask(text)).toHaveLength(text.length);
        expect(shown(maskName(text))).toBeLessThanOrEqual(1);
        expect(shown(maskPhone(text))).toBeLessThanOrEqual(text.length >= 11 ? 7 : 4);
        expect(shown(maskIdNumber(text))).toBeLessThanOrEqual(4);
        expect(shown(maskIdNumber(text))).toBeLessThanOrEqual(text.length / 2);
      }),
    );
  });
});
