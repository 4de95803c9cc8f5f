import { type Result, round } from './measure.js';

/** One round of a measure: its figure, or why it counts for nothing. */
export type Round = { readonly value: number; readonly void?: undefined } | { readonly void: string; readonly value?: undefined };

/** A measure of which not all rounds were valid: it has no figure. */
export interface Void {
  readonly name: string;
  readonly void: string;
}

export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly take: () => Promise<Round>;
}

/**
 * Takes all measures in turn, a first time to warm up, and gives of each the median of its rounds. One invalid round makes its
 * measure void: what gives wrong results now and then is no faster for it.
 */
export async function medianRounds(
  rounds: number,
  measures: readonly Measure[],
  onRound: (line: string) => void,
): Promise<(Result | Void)[]> {
  const taken: Round[][] = measures.map(() => []);
  for (let n = 0; n <= rounds; n++)
    for (const [i, { name, take, unit }] of measures.entries()) {
      const one = await take();
      onRound(`${n === 0 ? 'warm-up' : `round ${n}`}: ${name}: ${one.void ?? `${round(one.value!)} ${unit}`}`);
      if (n > 0 || one.void !== undefined) taken[i]!.push(one);
    }
  return measures.map(({ name, unit }, i) => {
    const fault = taken[i]!.find((one) => one.void !== undefined)?.void;
    if (fault !== undefined) return { name, void: fault };
    const sorted = taken[i]!.map((one) => one.value!).sort((a, b) => a - b);
    return { name, value: round(sorted[Math.floor((sorted.length - 1) / 2)]!), unit };
  });
}
