/** One measured figure. Latencies in milliseconds. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** Processor time a unit of `value` took, microseconds: of the server, of this process. */
  readonly serverUs?: number;
  readonly clientUs?: number;
}

/** Runs `work` `count` times with `concurrency` at once and tells how fast and how long each took. A failure ends it. */
export async function rate(
  name: string,
  count: number,
  concurrency: number,
  work: (i: number) => Promise<unknown>,
): Promise<Result> {
  const took: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const from = performance.now();
      await work(i);
      took.push(performance.now() - from);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (performance.now() - from) / 1_000;
  return { name, value: round(count / seconds), unit: '/s', ...quantiles(took) };
}

/** Where the middle and the slow end of these times, milliseconds, lie. */
export function quantiles(took: readonly number[]): Pick<Result, 'p50' | 'p95' | 'p99'> {
  const sorted = [...took].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Takes all measures in turn, so that a busy moment of the machine hits all alike, and gives each one's median round. */
export async function medians(rounds: number, measures: readonly (() => Promise<Result>)[]): Promise<Result[]> {
  const taken: Result[][] = measures.map(() => []);
  for (let n = 0; n <= rounds; n++) {
    for (const [i, measure] of measures.entries()) {
      const result = await measure();
      // The first round warms up.
      if (n > 0) taken[i]!.push(result);
    }
  }
  return taken.map(medianRound);
}

/** The round whose rate is the middle one; of an even number, the lower of the two. */
function medianRound(rounds: readonly Result[]): Result {
  return [...rounds].sort((a, b) => a.value - b.value)[Math.floor((rounds.length - 1) / 2)]!;
}

export const round = (value: number): number => Math.round(value * 100) / 100;
