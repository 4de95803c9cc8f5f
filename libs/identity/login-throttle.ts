import { TooManyAttemptsError } from './errors.js';

const MAX_LOGINS = 10_000;

export type ThrottleSettings = {
  /** Failures after which a login is refused; 5 unless told. */
  readonly maxFailures?: number;
  /** Counted from the first failure, in milliseconds; 15 minutes unless told. */
  readonly windowMs?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
};

type Failures = { count: number; since: number };

/**
 * Counts failed attempts per login, in this process's memory, for at most 10,000 logins (the oldest are forgotten first).
 * Unknown logins are counted like known ones, so that refusals tell nothing about who exists.
 */
export class LoginThrottle {
  private readonly records = new Map<string, Failures>();
  private readonly running = new Map<string, Promise<unknown>>();
  private readonly maxFailures: number;
  private readonly windowMs: number;
  private readonly now: () => number;

  constructor(settings: ThrottleSettings = {}) {
    this.maxFailures = settings.maxFailures ?? 5;
    this.windowMs = settings.windowMs ?? 15 * 60_000;
    this.now = settings.now ?? (() => performance.now());
  }

  /**
   * Runs one attempt; attempts for one login run one after the other, so that many at once do not all slip through.
   * @param attempt gives undefined for a failure.
   * @throws TooManyAttemptsError without running the attempt.
   */
  async run<T>(login: string, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
    const before = this.running.get(login);
    const turn = (async () => {
      // How the attempt before ended is its own caller's matter.
      await before?.catch(() => undefined);
      return this.runNow(login, attempt);
    })();
    this.running.set(login, turn);
    try {
      return await turn;
    } finally {
      if (this.running.get(login) === turn) this.running.delete(login);
    }
  }

  private async runNow<T>(login: string, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
    const record = this.current(login);
    if (record && record.count >= this.maxFailures) {
      throw new TooManyAttemptsError(Math.max(1, Math.ceil((record.since + this.windowMs - this.now()) / 1000)));
    }
    const result = await attempt();
    if (result !== undefined) this.records.delete(login);
    else this.countFailure(login);
    return result;
  }

  private current(login: string): Failures | undefined {
    const record = this.records.get(login);
    if (!record || this.now() - record.since < this.windowMs) return record;
    this.records.delete(login);
    return undefined;
  }

  private countFailure(login: string): void {
    const record = this.current(login);
    if (record) record.count += 1;
    else this.records.set(login, { count: 1, since: this.now() });
    if (this.records.size > MAX_LOGINS) this.records.delete(this.records.keys().next().value as string);
  }
}
