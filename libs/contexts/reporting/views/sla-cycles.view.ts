import { inShort, projection, putMoved, type Row } from '@huicai/projections';
import { officeDay, type TimeReference } from '../../calendar/facts.js';
import type { CaseEvent } from '../../cases/contract.js';
import { type CaseFacts, type CycleFacts, caseDocument, dueOf, factsAfter } from '../../cases/facts.js';

export interface SlaCycleRow extends Row {
  case_id: string;
  cycle: number;
  number: string;
  item_code: string;
  department_id: string | null;
  accepted_at: Date;
  /** YYYY-MM, office time, as are the other months. */
  accepted_month: string;
  submitted_at: Date | null;
  submitted_month: string | null;
  withdrawn: boolean;
  total_due: Date | null;
  total_on_time: boolean | null;
  handling_due: Date | null;
  handling_on_time: boolean | null;
  /** Its breach stands, and is excused. */
  total_excused: boolean;
  handling_excused: boolean;
  contact_due: Date | null;
  contacted_in_time: boolean | null;
  called_back: boolean;
  reached: boolean;
  resolved: boolean | null;
  satisfaction: number | null;
  /** The rating as it was given. */
  rating: number | null;
  /** An appeal against it was upheld. */
  rating_void: boolean;
  /** Clocks that judge another than who is in charge of the cycle, or are settled at another time. */
  side_clocks: readonly SideClock[];
  /** To whom it was sent, and whether they gave it back. */
  dispatches: readonly Sent[];
  /** More time was granted for what was promised to the talent. */
  extended: boolean;
  /** It was opened again after it. */
  reopened: boolean;
  /** Fold state, kept in the row of the latest cycle. */
  facts: CaseFacts | null;
}

/** One dispatch of a cycle. */
export interface Sent {
  readonly departmentId: string;
  /** YYYY-MM, office time. */
  readonly month: string;
  /** Signed for, or given back, by the due; null where that can not be said. */
  readonly signed: boolean | null;
  /** Given back, and taken back by the dispatcher. */
  readonly returned: boolean;
}

/** A clock beside those of promise, contact and handling, as reports count it. */
export interface SideClock {
  readonly clockId: string;
  readonly kind: 'opinion' | 'rectification';
  readonly departmentId: string | null;
  /** YYYY-MM of its end, office time; null while it runs. */
  readonly month: string | null;
  /** Answered by the due; null where that can not be said, for the reason beside it. */
  readonly kept: boolean | null;
  readonly left: 'NO_LIMIT' | 'LAPSED' | 'APPEAL_UPHELD' | null;
  readonly excused: boolean;
}

/** One row per cycle of a case: what it was promised, when it was answered, what the requester said. */
export const slaCycles = projection<SlaCycleRow, TimeReference>({
  name: 'sla_cycles',
  version: 12,
  table: {
    columns: {
      case_id: 'uuid',
      cycle: 'int4',
      number: 'text',
      item_code: 'text',
      department_id: 'text null',
      accepted_at: 'timestamptz',
      accepted_month: 'text',
      submitted_at: 'timestamptz null',
      submitted_month: 'text null',
      withdrawn: 'bool',
      total_due: 'timestamptz null',
      total_on_time: 'bool null',
      handling_due: 'timestamptz null',
      handling_on_time: 'bool null',
      total_excused: 'bool',
      handling_excused: 'bool',
      contact_due: 'timestamptz null',
      contacted_in_time: 'bool null',
      called_back: 'bool',
      reached: 'bool',
      resolved: 'bool null',
      satisfaction: 'int4 null',
      rating: 'int4 null',
      rating_void: 'bool',
      side_clocks: 'jsonb',
      dispatches: 'jsonb',
      extended: 'bool',
      reopened: 'bool',
      facts: 'json null',
    },
    documents: { facts: caseDocument },
    key: ['case_id', 'cycle'],
    partition: 'case_id',
    indexes: [
      '(accepted_month)',
      '(submitted_month)',
      '(accepted_at) where submitted_at is null',
      "(case_id) where side_clocks <> '[]'::jsonb",
    ],
  },
  rederive: (rows, time) => {
    const all = rows.all();
    const facts = all.find((row) => row.facts !== null)?.facts;
    if (!facts) return;
    for (const row of all) {
      const cycle = facts.sealedCycles.find((sealed) => sealed.cycle === row.cycle) ?? facts;
      putMoved(rows, row, { ...row, ...judged(facts, cycle, row.cycle, cycle.departmentId !== null, time) });
    }
  },
  partition: (event) => event.stream.slice('case-'.length),
  ...inShort<SlaCycleRow, Short, TimeReference>({
    fold: (rows, event, time) => {
      const latest = rows.all().reduce<SlaCycleRow | Short | undefined>((a, b) => (a && a.cycle > b.cycle ? a : b), undefined);
      const facts = factsAfter(latest?.facts ?? null, event);
      if (!facts) return;
      if (latest && latest.cycle < facts.cycle) rows.put({ ...wholeOf(latest, time), reopened: true, facts: null });
      if (JUDGING.has(event.type))
        for (const row of rows.all())
          if (row.cycle < facts.cycle && 'number' in row)
            rows.put({
              ...row,
              ...excusedOf(facts, row.cycle, row.handling_due),
              side_clocks: sideClocksOf(facts, row.cycle, time),
            });
      rows.put({ case_id: facts.caseId, cycle: facts.cycle, facts });
    },
    whole: wholeOf,
  }),
});

/** What the fold reads of the latest cycle; the other columns follow from the facts. */
type Short = { readonly case_id: string; readonly cycle: number; readonly facts: CaseFacts };

function wholeOf(row: SlaCycleRow | Short, time: TimeReference): SlaCycleRow {
  return 'number' in row ? row : cycleRow(row.facts, row.facts, row.cycle, time);
}

/** Events that may be about a cycle that is sealed. */
const JUDGING: ReadonlySet<string> = new Set<CaseEvent['type']>(['BreachWithdrawn', 'BreachExcused', 'ExcuseWithdrawn']);

const clockOf = (facts: CaseFacts, cycle: number, kind: string) =>
  facts.clocks.filter((clock) => clock.kind === kind && clock.cycle === cycle).at(-1);

function excusedOf(facts: CaseFacts, cycle: number, handlingDue: Date | null) {
  const excused = (kind: string) => {
    const clock = clockOf(facts, cycle, kind);
    return clock !== undefined && facts.excuses.some(({ clockId }) => clockId === clock.clockId);
  };
  return { total_excused: excused('total'), handling_excused: handlingDue !== null && excused('handling') };
}

/** Dues, and whether they were kept. @param isHandled the department it was dispatched to last still has it */
function judged(facts: CaseFacts, cycle: CycleFacts, n: number, isHandled: boolean, time: TimeReference) {
  const clock = (kind: string) => {
    const found = clockOf(facts, n, kind);
    if (!found) return { due: null, onTime: null };
    const due = dueOf(found, time);
    return {
      due: due === null ? null : new Date(due),
      onTime: due === null || found.stoppedAt === null ? null : found.stoppedAt <= due,
    };
  };
  const [total, contact] = [clock('total'), clock('firstContact')];
  const handling = isHandled ? clock('handling') : { due: null, onTime: null };
  return {
    total_due: total.due,
    total_on_time: cycle.submittedAt === null ? null : total.onTime,
    handling_due: handling.due,
    handling_on_time: cycle.submittedAt === null ? null : handling.onTime,
    ...excusedOf(facts, n, handling.due),
    contact_due: contact.due,
    // A clock that was stopped by the result, without a contact, was not kept.
    contacted_in_time: contact.due === null ? null : cycle.contactedAt !== null && (contact.onTime ?? false),
    side_clocks: sideClocksOf(facts, n, time),
    dispatches: dispatchesOf(facts, n, time),
  };
}

/** Clocks of signing and handling begin with each dispatch, and end with the return of what was sent by it. */
function dispatchesOf(
  { clocks, clockDepartments, returnedBy, returnedAt }: CaseFacts,
  cycle: number,
  time: TimeReference,
): Sent[] {
  return clocks
    .filter((clock) => clock.kind === 'handling' && clock.cycle === cycle)
    .map(({ clockId, startedAt, stoppedAt, stoppedBy }) => {
      const departmentId = clockDepartments[clockId]!;
      const returned = returnedAt.some((at, i) => at === stoppedAt && returnedBy[i] === departmentId);
      const sign = clocks.find((clock) => clock.kind === 'signFor' && clock.cycle === cycle && clock.startedAt === startedAt);
      const due = sign ? dueOf(sign, time) : null;
      const inTime = !sign || due === null || sign.stoppedAt === null ? null : sign.stoppedAt <= due;
      // Ended with the handling by something else, such as a withdrawal: before the due nobody can be blamed or praised for it.
      const unsigned = sign?.stoppedBy === stoppedBy && !returned;
      const signed = unsigned && inTime ? null : inTime;
      return { departmentId, month: officeDay(startedAt).slice(0, 7), signed, returned };
    });
}

/** Opinions and the rectification of a cycle. */
function sideClocksOf(facts: CaseFacts, cycle: number, time: TimeReference): SideClock[] {
  const opinions = facts.opinions.flatMap(({ clockId, departmentId, givenAt }) =>
    sideClockOf(facts, cycle, time, { kind: 'opinion', clockId, departmentId, done: givenAt !== null, isVoid: false }),
  );
  const rectifications = facts.rectifications.flatMap(({ clockId, departmentId, submittedAt, ended }) => {
    const done = submittedAt !== null;
    return clockId === null
      ? []
      : sideClockOf(facts, cycle, time, {
          kind: 'rectification',
          clockId,
          departmentId,
          done,
          isVoid: ended === 'APPEAL_UPHELD',
        });
  });
  return [...opinions, ...rectifications];
}

/** What ended otherwise than by being done was not late before its due, and was after it. */
function sideClockOf(
  facts: CaseFacts,
  cycle: number,
  time: TimeReference,
  {
    done,
    isVoid,
    ...side
  }: Pick<SideClock, 'kind' | 'clockId' | 'departmentId'> & { readonly done: boolean; readonly isVoid: boolean },
): SideClock[] {
  const clock = facts.clocks.find(({ clockId }) => clockId === side.clockId);
  if (!clock || clock.cycle !== cycle) return [];
  const { stoppedAt } = clock;
  const due = dueOf(clock, time);
  const inTime = stoppedAt !== null && due !== null && stoppedAt <= due;
  const left = isVoid ? 'APPEAL_UPHELD' : due === null ? 'NO_LIMIT' : inTime && !done ? 'LAPSED' : null;
  return [
    {
      ...side,
      month: stoppedAt === null ? null : officeDay(stoppedAt).slice(0, 7),
      kept: stoppedAt === null || left !== null ? null : inTime,
      left,
      excused: facts.excuses.some(({ clockId }) => clockId === side.clockId),
    },
  ];
}

function cycleRow(facts: CaseFacts, cycle: CycleFacts, n: number, time: TimeReference): SlaCycleRow {
  const said = cycle.callbacks.filter((callback) => callback.reachability === 'VALID').at(-1);
  const accepted = cycle.acceptedAt ?? facts.registeredAt;
  return {
    case_id: facts.caseId,
    cycle: n,
    number: facts.number,
    item_code: facts.itemCode,
    department_id: cycle.departmentId,
    accepted_at: new Date(accepted),
    accepted_month: cycle.acceptedAt === null ? '' : officeDay(accepted).slice(0, 7),
    submitted_at: cycle.submittedAt === null ? null : new Date(cycle.submittedAt),
    submitted_month: cycle.submittedAt === null ? null : officeDay(cycle.submittedAt).slice(0, 7),
    withdrawn: facts.dropped,
    // A case that was given back is nobody's until the next dispatch.
    ...judged(facts, cycle, n, facts.departmentId !== null, time),
    called_back: cycle.callbacks.length > 0,
    reached: said !== undefined,
    resolved: said?.resolved ?? null,
    satisfaction: said?.satisfaction ?? null,
    rating: cycle.rating,
    rating_void: cycle.appeal?.upheld === true,
    extended: (clockOf(facts, n, 'total')?.addedWorkingDays ?? 0) > 0,
    reopened: false,
    facts,
  };
}
