/** One measured figure. Latencies in milliseconds. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
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
  took.sort((a, b) => a - b);
  const at = (share: number) => round(took[Math.min(took.length - 1, Math.floor(took.length * share))]!);
  return { name, value: round(count / seconds), unit: '/s', p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The round whose rate is the middle one; of an even number, the lower of the two. */
export function medianRound(rounds: readonly Result[]): Result {
  return [...rounds].sort((a, b) => a.value - b.value)[Math.floor((rounds.length - 1) / 2)]!;
}

export const round = (value: number): number => Math.round(value * 100) / 100;
