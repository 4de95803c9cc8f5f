import { LoginThrottle, TooManyAttemptsError } from './index.js';

const fail = async () => undefined;
const succeed = async () => 'user';

describe('login throttle', () => {
  let now: number;
  let throttle: LoginThrottle;
  beforeEach(() => {
    now = 1_000;
    throttle = new LoginThrottle({ maxFailures: 3, windowMs: 60_000, now: () => now });
  });

  it('refuses after the allowed failures, until the window has passed', async () => {
    for (let i = 0; i < 3; i += 1) expect(await throttle.run('a', fail)).toBeUndefined();
    const attempt = jest.fn(succeed);
    now += 30_500;
    await expect(throttle.run('a', attempt)).rejects.toMatchObject({ code: 'too-many-attempts', retryAfterSeconds: 30 });
    expect(attempt).not.toHaveBeenCalled();
    expect(await throttle.run('b', succeed)).toBe('user');
    now += 29_500;
    expect(await throttle.run('a', attempt)).toBe('user');
  });

  it('forgets failures after a success', async () => {
    for (let i = 0; i < 5; i += 1) {
      await throttle.run('a', fail);
      await throttle.run('a', fail);
      await throttle.run('a', succeed);
    }
  });

  it('lets no more through when many are tried at once', async () => {
    const attempt = jest.fn(fail);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => throttle.run('a', attempt)));
    expect(attempt).toHaveBeenCalledTimes(3);
    const refused = outcomes.filter((o) => o.status === 'rejected');
    expect(refused).toHaveLength(17);
    for (const outcome of refused) expect(outcome.reason).toBeInstanceOf(TooManyAttemptsError);
  });

  it('does not hold many right attempts at once against each other', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => throttle.run('a', succeed)));
    expect(outcomes).toEqual(Array(20).fill('user'));
  });

  it('does not count an attempt that broke, and goes on after it', async () => {
    const broken = async () => Promise.reject(new Error('database away'));
    for (let i = 0; i < 5; i += 1) await expect(throttle.run('a', broken)).rejects.toThrow('database away');
    expect(await throttle.run('a', succeed)).toBe('user');
  });
});
