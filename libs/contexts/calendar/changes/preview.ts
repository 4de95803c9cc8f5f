import { badInput } from '@huicai/http';
import { type ClockState, dueIfResumedAt, dueInputOf, formatInstant, type Instant, openPauseOf } from '@huicai/working-time';
import { type CaseFacts, caseDocument } from '../../cases/facts.js';
import type { Reads } from '../../edge.js';
import { nextVersion } from '../calendar.intake.js';
import { checkChange } from '../calendar.js';
import {
  type AppliedChange,
  type CalendarFacts,
  calendarOf,
  calendarVersionOf,
  clockUnder,
  knownVersion,
  OFFICE_ZONE,
  type PolicyFacts,
  type PromisedClock,
  type TimeReference,
} from '../facts.js';
import { checkPolicyChange } from '../policy.js';
import { dueOrNull } from '../what-if/judge.js';
import { specialistOf } from '../what-if/tally.js';
import type { PolicyChangePreview, PreviewChangeBody } from './changes.bodies.js';

const PAGE = 500;
/** Clocks that move and are named one by one; beyond, they are only counted. */
const MOST_MOVES = 1_000;

interface Counts {
  clocks: number;
  moved: number;
  turnRed: number;
  leaveRed: number;
}

const none = (): Counts => ({ clocks: 0, moved: 0, turnRed: 0, leaveRed: 0 });

/** The calendar with a change upon it that nobody has made. @throws Refusal of the rulebook of calendars; BadInput */
export function supposedChange(known: CalendarFacts, calendarId: string, body: PreviewChangeBody, now: Instant): CalendarFacts {
  const { mode, days, fromDay = null } = body;
  if ((body.to === undefined) === (days === undefined)) throw badInput('calendar-said-twice', days ? 'days' : 'to');
  const versions = days
    ? [...known.versions, knownVersion(calendarVersionOf(nextVersion(calendarId, known, { days })), now)]
    : known.versions;
  const to = body.to ?? versions.length;
  checkChange({ mode, to, fromDay }, { ...known, versions }, now);
  return { versions, changes: [...(known.changes ?? []), nobodys({ mode, to, fromDay }, now)] };
}

/** The policy with a change upon it that nobody has made. @throws Refusal of the rulebook of policies */
export function supposedPolicyChange(known: PolicyFacts, body: PolicyChangePreview, now: Instant): PolicyFacts {
  const { mode, to } = body;
  const fromDay = body.fromDay ?? null;
  checkPolicyChange({ mode, to, fromDay }, known, now);
  return { ...known, changes: [...(known.changes ?? []), nobodys({ mode, to, fromDay }, now)] };
}

const nobodys = (change: Pick<AppliedChange, 'mode' | 'to' | 'fromDay'>, now: Instant): AppliedChange => ({
  ...change,
  changeId: '',
  reason: '',
  approvedBy: '',
  appliedAt: now,
  undone: null,
});

/** Which clocks of the calendar that have not stopped would move, from when to when. Nothing is recorded. */
export async function previewChange(
  reads: Reads,
  calendarId: string,
  known: TimeReference,
  supposed: TimeReference,
): Promise<object> {
  const tally = new MoveTally(reads.now);
  let after: string | null = null;
  for (;;) {
    const page: CaseFacts[] = await openCasesAfter(reads, after);
    for (const facts of page)
      for (const clock of facts.clocks)
        if (clock.stoppedAt === null && clock.calendarId === calendarId)
          tally.add(facts, clock, dueUnder(clock, known, reads.now), dueUnder(clock, supposed, reads.now));
    if (page.length < PAGE) return tally.result();
    after = page.at(-1)!.caseId;
  }
}

/** When it is due, were it resumed now; null without a limit and where no calendar reaches. */
const dueUnder = (clock: PromisedClock, time: TimeReference, now: Instant): Instant | null =>
  dueOrNull(() => dueIfResumedAt(dueInputOf(clockUnder(clock, time), calendarOf(clock, time.calendar)), now).due);

async function openCasesAfter({ db }: Reads, caseId: string | null): Promise<CaseFacts[]> {
  const { rows } = await db.query<{ facts: CaseFacts }>(
    `select facts from read.service_queue where open and ($1::uuid is null or case_id > $1)
     order by case_id limit ${PAGE}`,
    [caseId],
  );
  return rows.map(({ facts }) => caseDocument.read(facts));
}

/** Counts the clocks that move, in all and by whose they are. */
class MoveTally {
  private readonly all = none();
  private readonly byDepartment = new Map<string, Counts>();
  private readonly bySpecialist = new Map<string, Counts>();
  private readonly moves: object[] = [];

  constructor(private readonly now: Instant) {}

  add(facts: CaseFacts, clock: ClockState, before: Instant | null, after: Instant | null): void {
    const { caseId, number, itemCode } = facts;
    // The office's own promise is no department's.
    const departmentId = facts.clockDepartments[clock.clockId] ?? null;
    const specialistId = specialistOf(facts, departmentId);
    const counted = [this.all, of(this.byDepartment, departmentId ?? ''), of(this.bySpecialist, specialistId ?? '')];
    const [wasRed, isRed] = [before, after].map((due) => due !== null && this.now > due);
    for (const counts of counted) {
      counts.clocks++;
      if (before !== after) counts.moved++;
      if (!wasRed && isRed) counts.turnRed++;
      if (wasRed && !isRed) counts.leaveRed++;
    }
    if (before === after || this.moves.length === MOST_MOVES) return;
    const told = (due: Instant | null) => (due === null ? null : formatInstant(due, OFFICE_ZONE));
    const paused = openPauseOf(clock) !== undefined;
    const move = { caseId, number, itemCode, clockId: clock.clockId, departmentId, specialistId, paused };
    this.moves.push({ ...move, before: told(before), after: told(after) });
  }

  result(): object {
    const groups = (counts: Map<string, Counts>) =>
      [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, each]) => ({ group, ...each }));
    const { byDepartment, bySpecialist } = this;
    return { ...this.all, byDepartment: groups(byDepartment), bySpecialist: groups(bySpecialist), moves: this.moves };
  }
}

function of(groups: Map<string, Counts>, group: string): Counts {
  const known = groups.get(group) ?? none();
  groups.set(group, known);
  return known;
}
