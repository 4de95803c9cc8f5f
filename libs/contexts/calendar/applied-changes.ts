import { illegal, invalid, notFound } from '@huicai/kernel';
import type { ClockState } from '@huicai/working-time';
import type { TimeChange, TimeChangeApproval, TimeChangeUndoing } from './contract.js';

/** A change on record. Instants in epoch milliseconds. */
export interface AppliedChange extends TimeChange {
  readonly approvedBy: string;
  readonly appliedAt: number;
  readonly undone: { readonly at: number; readonly reason: string; readonly approvedBy: string } | null;
}

/** @param at epoch milliseconds */
export function withApplied(changes: readonly AppliedChange[] = [], data: TimeChangeApproval, at: number): AppliedChange[] {
  return [...changes, { ...data, appliedAt: at, undone: null }];
}

/** @param at epoch milliseconds */
export function withUndone(changes: readonly AppliedChange[] = [], data: TimeChangeUndoing, at: number): AppliedChange[] {
  const { changeId, reason, approvedBy } = data;
  return changes.map((each) => (each.changeId === changeId ? { ...each, undone: { at, reason, approvedBy } } : each));
}

/** The changes put on a clock: applied and not undone, to a later version than it went by, while it had not stopped. */
export function changesUpon(
  { startedAt, stoppedAt }: Pick<ClockState, 'startedAt' | 'stoppedAt'>,
  promisedUnder: number,
  changes: readonly AppliedChange[],
): AppliedChange[] {
  let version = promisedUnder;
  return changes.filter(({ undone, mode, to, appliedAt }) => {
    if (undone || mode === 'keep' || to <= version) return false;
    if (appliedAt < startedAt || (stoppedAt !== null && stoppedAt <= appliedAt)) return false;
    version = to;
    return true;
  });
}

/** The changes as they were known at an instant: what was changed or undone later is not. @param at epoch milliseconds */
export function changesUntil(changes: readonly AppliedChange[], at: number): AppliedChange[] {
  return changes
    .filter(({ appliedAt }) => appliedAt <= at)
    .map((change) => (change.undone && change.undone.at > at ? { ...change, undone: null } : change));
}

/** Tells one state of the changes from every other; empty as long as nothing was changed. */
export function markOf(changes: readonly AppliedChange[] = []): string {
  const undone = changes.filter((change) => change.undone).map(({ changeId }) => changeId);
  return changes.length === 0 ? '' : [changes.length, changes.at(-1)!.changeId, ...undone].join(' ');
}

/** Refuses to undo what was never done, or is undone. @throws Refusal `calendar-change-not-found`, `calendar-change-undone`, and those of policies */
export function checkUndo(changes: readonly AppliedChange[] = [], changeId: string, of: 'calendar' | 'policy'): void {
  const known = changes.find((change) => change.changeId === changeId);
  if (!known) throw notFound(`${of}-change-not-found`, { field: 'changeId' });
  if (known.undone) throw illegal(`${of}-change-undone`);
}

/** Only a later version than the one that stands can take its place. @throws Refusal `change-not-later` */
export function checkLater(to: number, changes: readonly AppliedChange[] = []): void {
  const latest = Math.max(1, ...changes.filter((change) => !change.undone && change.mode !== 'keep').map((change) => change.to));
  if (to <= latest) throw invalid('change-not-later', 'to', { latest });
}
