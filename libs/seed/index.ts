export { FIGURES } from './figures.js';
export { lastWorkingDayBefore, Office } from './office.js';
export { type SyntheticPeople, type SyntheticPerson, syntheticPeople } from './people.js';
export { DEFAULT_SEED, planYear, type YearPlan } from './plan.js';
export { playYear, StepRefusedError } from './player.js';
export { readSeed, SEED_STREAM, type SeedOrigin, type SeedOutcome, seedInProgress } from './seed-stream.js';
export { ForeignEventsError, type SeedResult, SeedRunningError, type SeedYearOptions, seedYear } from './seed-year.js';
export type { Act, Step } from './steps.js';
export { YearClock } from './year-clock.js';
