import { BoundedRegex, RegexTooSlowError } from './bounded-regex.js';

test('finds the expression anywhere in each text', () => {
  expect(new BoundedRegex('b+c').testAll(['abbc', 'ac', '', 'bc'])).toEqual([true, false, false, true]);
});

test('an invalid expression is a syntax error', () => {
  expect(() => new BoundedRegex('(')).toThrow(SyntaxError);
});

test('gives up on an expression that backtracks without end, and works again afterwards', () => {
  const regex = new BoundedRegex('^(a+)+$');
  expect(() => regex.testAll(['aaa', `${'a'.repeat(50)}!`])).toThrow(RegexTooSlowError);
  expect(regex.testAll(['aaa', 'b'])).toEqual([true, false]);
});
