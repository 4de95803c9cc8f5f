import { type ClockState, clockIdOf, freshClock } from '@huicai/working-time';
import type { Matter } from '../calendar/facts.js';
import { type CaseFacts, copyOf, freshCase } from './state.js';

type Fields = Readonly<Record<string, unknown>>;

/** A clock with what its limit was asked for, as the fold keeps it. */
type KeptClock = ClockState & { readonly matter?: Matter };

/** What every clock has that was started and nothing more. */
const freshPromise: Fields = { ...freshClock, provisional: false };

/**
 * How read models keep the state of a case: without what is still as it was in the beginning, and without what a clock's id and its
 * case tell of a clock. That is less than half of it, and writing, storing and loading states is most of what read models cost.
 */
export const caseDocument = {
  version: 1,

  write(facts: CaseFacts): string {
    const known = written.get(facts);
    if (known !== undefined) return known;
    const clocks = facts.clocks.map((clock) => shortClock(clock, facts));
    const text = JSON.stringify({ ...changed(facts as unknown as Fields, freshCase), clocks });
    written.set(facts, text);
    return text;
  },

  read(stored: object): CaseFacts {
    const facts = { ...freshCase, ...(stored as CaseFacts) };
    return copyOf({ ...facts, clocks: facts.clocks.map((clock) => wholeClock(clock, facts)) });
  },
};

/** Several read models keep the very same state. */
const written = new WeakMap<CaseFacts, string>();

/** What is not as it was. */
function changed(fields: Fields, before: Fields): Record<string, unknown> {
  const left: Record<string, unknown> = {};
  for (const name in fields) {
    const value = fields[name];
    const was = before[name];
    if (value === was || (was && isEmpty(was) && isEmpty(value))) continue;
    left[name] = value;
  }
  return left;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const _ in value) return false;
  return true;
}

function shortClock(clock: KeptClock, { itemCode, urgency }: CaseFacts): Fields {
  const { kind, cycle, n, matter, ...rest } = clock;
  const short = changed(rest, freshPromise);
  if (clock.clockId !== clockIdOf(kind, cycle, n)) Object.assign(short, { kind, cycle, n });
  if (matter?.itemCode === itemCode && matter.urgency === urgency) short.category = matter.category;
  else if (matter) short.matter = matter;
  return short;
}

function wholeClock(stored: ClockState, { itemCode, urgency }: CaseFacts): KeptClock {
  const { category, ...short } = stored as KeptClock & { readonly category?: Matter['category'] };
  const [kind, cycle, n] = short.clockId.split('/');
  const told = category === undefined ? {} : { matter: { itemCode, urgency, category } };
  const promise: Fields = { kind, cycle: Number(cycle), n: Number(n), ...freshPromise };
  return { ...promise, ...short, ...told };
}
