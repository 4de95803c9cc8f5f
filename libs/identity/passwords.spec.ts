import { hashPassword, passwordMatches } from './passwords.js';

it('accepts the password of a hash and no other, and nothing without a hash', async () => {
  const stored = await hashPassword('right');
  expect(await passwordMatches(stored, 'right')).toBe(true);
  expect(await passwordMatches(stored, 'wrong')).toBe(false);
  expect(await passwordMatches(undefined, 'right')).toBe(false);
});
