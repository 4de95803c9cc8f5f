import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 20;

/**
 * Waits until the condition gives something other than false, null or undefined, and returns that.
 * @throws Error naming what was awaited when it has not come within `timeoutMs` (default 20,000).
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) return value as Exclude<T, false | null | undefined>;
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await delay(pollMs);
  }
}
