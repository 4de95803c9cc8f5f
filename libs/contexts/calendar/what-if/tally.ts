import { formatInstant } from '@huicai/working-time';
import type { CaseFacts } from '../../cases/facts.js';
import { OFFICE_ZONE } from '../facts.js';
import type { Judgement } from './judge.js';

/** Clocks that flip and are named one by one; beyond, they are only counted. */
export const MOST_FLIPS = 1_000;

interface Counts {
  clocks: number;
  before: number;
  after: number;
}

const none = (): Counts => ({ clocks: 0, before: 0, after: 0 });

/** Counts clocks and their breaches in two worlds: in all, and by department, item and specialist. */
export class Tally {
  private readonly all = none();
  private readonly groups = {
    byDepartment: new Map<string, Counts>(),
    byItem: new Map<string, Counts>(),
    bySpecialist: new Map<string, Counts>(),
  };
  private readonly flips: object[] = [];
  private flipped = 0;

  get clocks(): number {
    return this.all.clocks;
  }

  add(facts: CaseFacts, clockId: string, { before, after }: { readonly before: Judgement; readonly after: Judgement }): void {
    // The office's own promise is no department's.
    const departmentId = facts.clockDepartments[clockId] ?? null;
    const specialistId = specialistOf(facts, departmentId);
    const counted = [
      this.all,
      of(this.groups.byDepartment, departmentId ?? ''),
      of(this.groups.byItem, facts.itemCode),
      of(this.groups.bySpecialist, specialistId ?? ''),
    ];
    for (const counts of counted) {
      counts.clocks++;
      if (before.breached) counts.before++;
      if (after.breached) counts.after++;
    }
    if (before.breached === after.breached) return;
    this.flipped++;
    if (this.flips.length === MOST_FLIPS) return;
    const { caseId, number, itemCode } = facts;
    this.flips.push({ caseId, number, itemCode, clockId, departmentId, specialistId, before: told(before), after: told(after) });
  }

  /** The outcome, groups in the order of their ids. */
  result(): object {
    const groups = Object.entries(this.groups).map(([by, counts]) => [
      by,
      [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, each]) => ({ group, ...each })),
    ]);
    return { ...this.all, ...Object.fromEntries(groups), flipped: this.flipped, flips: this.flips };
  }
}

/** Who has the case, of the clocks of their own department: not of the office's, nor of a department that was asked or had it before. */
export const specialistOf = (facts: CaseFacts, departmentId: string | null): string | null =>
  departmentId !== null && departmentId === facts.departmentId ? facts.specialistId : null;

function of(groups: Map<string, Counts>, group: string): Counts {
  const known = groups.get(group) ?? none();
  groups.set(group, known);
  return known;
}

const told = ({ due, breached }: Judgement) => ({ due: due === null ? null : formatInstant(due, OFFICE_ZONE), breached });
