/** The system's idea of now, epoch milliseconds. Injected, so that a reference year can be played on its own time. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
