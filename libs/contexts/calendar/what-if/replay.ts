import type { ClockState, Instant } from '@huicai/working-time';
import { type CaseFacts, caseDocument } from '../../cases/facts.js';
import type { Reads } from '../../edge.js';
import type { Matter } from '../facts.js';
import { judgeClock, type Supposition } from './judge.js';
import { Tally } from './tally.js';

const PAGE = 500;

/** Clocks that started within a period, epoch milliseconds, the end not included; of some kinds alone when told. */
export interface ClockChoice {
  readonly from: Instant;
  readonly until: Instant;
  readonly kinds?: readonly string[] | undefined;
}

export type Step = { readonly progress: { readonly cases: number; readonly clocks: number } } | { readonly result: object };

/** Judges clocks anew, page by page, so that the event loop goes on meanwhile; the last step is the result. Writes nothing. */
export async function* replayClocks(reads: Reads, choice: ClockChoice, supposed: Supposition): AsyncGenerator<Step, void> {
  const tally = new Tally();
  let cases = 0;
  let after: string | null = null;
  for (;;) {
    const page: CasePageRow[] = await casesAfter(reads, after, choice.until);
    const chosen = page.map(({ facts, category }) => ({ facts, category, clocks: facts.clocks.filter(isChosen(choice)) }));
    const time = await reads.timeOf(chosen.flatMap(({ clocks }) => clocks));
    for (const { facts, category, clocks } of chosen)
      for (const clock of clocks) tally.add(facts, clock.clockId, judgeClock(clock, facts, category, time, supposed, reads.now));
    cases += page.length;
    yield { progress: { cases, clocks: tally.clocks } };
    if (page.length < PAGE) break;
    after = page.at(-1)!.facts.caseId;
  }
  yield { result: tally.result() };
}

const isChosen =
  ({ from, until, kinds }: ClockChoice) =>
  ({ kind, startedAt }: ClockState): boolean =>
    startedAt >= from && startedAt < until && (kinds?.includes(kind) ?? true);

interface CasePageRow extends Record<string, unknown> {
  readonly facts: CaseFacts;
  readonly category: Matter['category'] | null;
}

/** The row of a case's latest cycle holds all its clocks. */
async function casesAfter({ db }: Reads, caseId: string | null, until: Instant): Promise<CasePageRow[]> {
  const { rows } = await db.query<CasePageRow>(
    `select c.facts, t.category from read.sla_cycles c left join read.talents t on t.talent_id = (c.facts->>'talentId')::uuid
     where c.facts is not null and (c.facts->>'registeredAt')::bigint < $2 and ($1::uuid is null or c.case_id > $1)
     order by c.case_id limit ${PAGE}`,
    [caseId, until],
  );
  return rows.map(({ facts, category }) => ({ facts: caseDocument.read(facts), category }));
}
