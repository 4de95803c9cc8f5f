import type { Clock } from '@huicai/kernel';

/** The clock of a system on which a year is played: the machine's until the playing begins, then wherever the year has got to. */
export class YearClock implements Clock {
  private at: number | null = null;

  now(): number {
    return this.at ?? Date.now();
  }

  /** @param at epoch milliseconds, never before where the clock stands. @throws RangeError */
  moveTo(at: number): void {
    if (this.at !== null && at < this.at) throw new RangeError('A year is played forwards');
    this.at = at;
  }

  /** Lets what begins now read another time than where the year has got to; only what reads the clock before it first waits. */
  readAt<T>(at: number, begin: () => T): T {
    const before = this.at;
    this.at = at;
    try {
      return begin();
    } finally {
      this.at = before;
    }
  }
}
