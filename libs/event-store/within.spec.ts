import { setTimeout as later } from 'node:timers/promises';
import { StoreUnavailableError } from './port.js';
import { Patience } from './within.js';

describe('patience with one thing after another', () => {
  const never = new Promise<never>(() => undefined);

  it('ends when one of them takes too long, and not because of what is done in between', async () => {
    const patience = new Patience(100, 'stood still');
    expect(await patience.wait(Promise.resolve(1))).toBe(1);
    // Longer than it waits for anything.
    await later(250);
    expect(await patience.wait(later(10, 2))).toBe(2);
    await expect(patience.wait(never)).rejects.toEqual(new StoreUnavailableError('stood still'));
    expect(await patience.wait(Promise.resolve(3))).toBe(3);
    patience.end();
  });

  it('hands on what the work throws', async () => {
    const patience = new Patience(1_000, 'stood still');
    await expect(patience.wait(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    patience.end();
  });
});
