import { planCases } from './case-plan.js';
import { Office, type YearSpan, yearEnding } from './office.js';
import { syntheticPeople } from './people.js';
import { Staff } from './staff.js';
import type { Step } from './steps.js';
import { planTalents } from './talent-plan.js';
import type { World } from './world.js';

/** The seed of the reference year: the day the article was published that its figures are from (domain.md). */
export const DEFAULT_SEED = 20240807;

export interface YearPlan {
  readonly seed: number;
  readonly span: YearSpan;
  /** In the order they are taken. */
  readonly steps: readonly Step[];
}

/** Case numbers are leased in blocks of this size. */
export const NUMBER_BLOCK = 50;

/**
 * The whole year as a list of steps, in the order of their instants. Pure: the same seed and anchor give the same plan, and no
 * step depends on an answer of the system.
 *
 * @param anchor last day of the year, YYYY-MM-DD, a working day of the office
 * @param scale part of the year's volume, above 0, at most 1
 * @throws RangeError when the anchor is no working day, WorkingTimeError when it is no date
 */
export function planYear(seed: number, anchor: string, scale = 1): YearPlan {
  const office = new Office();
  const span = yearEnding(anchor, office);
  const people = syntheticPeople(seed);
  const staff = new Staff(seed, people, office, span);
  const world: World = { seed, scale, office, span, people, staff };
  const { talents, steps } = planTalents(world);
  const all = [...staff.steps, ...steps, ...planCases(world, talents)].filter(({ at }) => at < span.to);
  // Steps of one instant stay in the order they were planned in.
  return {
    seed,
    span,
    steps: withNumbers(
      all.sort((a, b) => a.at - b.at),
      office,
    ),
  };
}

/** Puts the lease of a block of numbers before the first case that takes one from it. */
function withNumbers(steps: readonly Step[], office: Office): Step[] {
  const taken = new Map<number, number>();
  return steps.flatMap((step): Step[] => {
    if (step.act.kind !== 'register-case') return [step];
    const year = Number(office.dateOf(office.dayOf(step.at)).slice(0, 4));
    const n = taken.get(year) ?? 0;
    taken.set(year, n + 1);
    if (n % NUMBER_BLOCK !== 0) return [step];
    const lease: Step = {
      key: `numbers/${year}/${n / NUMBER_BLOCK + 1}`,
      at: step.at,
      caller: { id: 'system', role: 'system' },
      act: { kind: 'lease-numbers', year, count: NUMBER_BLOCK },
    };
    return [lease, step];
  });
}
