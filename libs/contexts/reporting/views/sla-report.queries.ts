import type { Queryable } from '@huicai/projections';

export type ReportGrouping = 'item' | 'department' | 'month';

/** A rate is never stored or shown without what it was made of; `value` is null when nothing was counted. */
export interface Rate {
  readonly numerator: number;
  readonly denominator: number;
  readonly value: number | null;
  /** What was left out, by reason. */
  readonly excluded: Readonly<Record<string, number>>;
}

export interface SlaReportRow {
  readonly group: string;
  /** Cycles accepted in the period. */
  readonly opened: number;
  /** Cycles answered in the period. */
  readonly closed: number;
  /** Of those, answered at or before the due: of the office's promise, or of the department's clock when grouped by department. */
  readonly onTime: number;
  /** Cycles past due and unanswered at the end of the period, a stock. */
  readonly overdue: number;
  /** Of those, with a breach that is excused now. */
  readonly overdueExcused: number;
  /** Answered in time, of those that had a limit. */
  readonly onTimeRate: Rate;
  /** The same with late answers whose breach is excused counted as in time; never shown without the other. */
  readonly onTimeRateExcused: Rate;
  readonly responseRate: Rate;
  readonly resolutionRate: Rate;
  readonly satisfactionRate: Rate;
  /** Opinions given in time, of those settled in the period; grouped by department, of the department that was to give them. */
  readonly opinionRate: Rate;
  readonly opinionRateExcused: Rate;
  /** Bad reviews put right in time, counted in the same way. */
  readonly rectificationRate: Rate;
  readonly rectificationRateExcused: Rate;
  /** Ratings of 3 or better, of those that count (好评率). */
  readonly reviewRate: Rate;
  /** Answered by now, of the cycles accepted in the period but for those that were withdrawn (办结率). */
  readonly completionRate: Rate;
  /** Asked how it went, reached or not, of those answered (回访率). */
  readonly callbackRate: Rate;
  /** Opened again, of those answered (重办率). */
  readonly reopenRate: Rate;
  /** With more time granted at least once, of those answered (延期率). */
  readonly extensionRate: Rate;
  /** Signed for or given back by the due, of the dispatches of the period that were settled; grouped by department, of whom it was sent to (按时签收率). */
  readonly signRate: Rate;
  /** Given back, of the same (退单率). */
  readonly returnRate: Rate;
}

const GROUP_SQL: Record<ReportGrouping, { opened: string; closed: string; side: string }> = {
  item: { opened: 'item_code', closed: 'item_code', side: 'item_code' },
  department: {
    opened: "coalesce(department_id, '')",
    closed: "coalesce(department_id, '')",
    side: `coalesce(s."departmentId", '')`,
  },
  month: { opened: 'accepted_month', closed: 'submitted_month', side: 's.month' },
};

/**
 * The SLA report of a period of whole months, office time: opened by acceptance month, closed and on time by submission month
 * (domain.md section 2.5 for the three rates; satisfied means 3 or better of five).
 *
 * @param period YYYY-MM to YYYY-MM, both included; `end` is the instant the last month ends
 */
export async function readSlaReport(
  db: Queryable,
  by: ReportGrouping,
  period: { readonly from: string; readonly to: string; readonly end: Date },
  scope: { readonly departmentId?: string },
): Promise<SlaReportRow[]> {
  const { opened, closed, side } = GROUP_SQL[by];
  const onTime = by === 'department' ? 'handling_on_time' : 'total_on_time';
  const excused = by === 'department' ? 'handling_excused' : 'total_excused';
  const due = by === 'department' ? 'handling_due' : 'total_due';
  // Grouped by month, the stock of overdue belongs to the period's last month.
  const overdueGroup = by === 'month' ? '$2::text' : opened;
  const { rows } = await db.query<Record<string, string | number>>(
    `with mine as not materialized (select * from read.sla_cycles where $4::text is null or department_id = $4),
     opened as (select ${opened} as g, count(*) as n, count(*) filter (where withdrawn) as dropped,
         count(submitted_at) filter (where not withdrawn) as answered from mine where accepted_month between $1 and $2 group by 1),
     closed as (
       select ${closed} as g, count(*) as n, count(*) filter (where ${onTime}) as on_time,
         count(*) filter (where ${onTime} is not null) as limited, count(*) filter (where not ${onTime} and ${excused}) as late_excused,
         count(*) filter (where contacted_in_time) as contacted, count(*) filter (where contacted_in_time is not null) as contact_due,
         count(*) filter (where contacted_in_time is null) as no_contact_due,
         count(*) filter (where reached) as reached, count(*) filter (where resolved) as resolved,
         count(*) filter (where satisfaction >= 3) as satisfied,
         count(*) filter (where called_back and not reached) as unreachable, count(*) filter (where not called_back) as not_called,
         count(*) filter (where rating >= 3 and not rating_void) as well_rated, count(*) filter (where rating is not null and not rating_void) as rated,
         count(*) filter (where extended) as extended, count(*) filter (where reopened) as reopened,
         count(*) filter (where rating is null) as not_rated, count(*) filter (where rating_void) as rating_void
       from mine where submitted_month between $1 and $2 and not withdrawn group by 1),
     overdue as (
       select ${overdueGroup} as g, count(*) as n, count(*) filter (where ${excused}) as excused from mine
       where accepted_month <> '' and accepted_at < $3 and (submitted_at is null or submitted_at >= $3) and not withdrawn and ${due} < $3 group by 1),
     side as (
       select ${side} as g, ${SIDE_KINDS.map((kind) => sideCounts(kind)).join(', ')}
       from read.sla_cycles, jsonb_to_recordset(side_clocks)
         as s(kind text, "departmentId" text, month text, kept bool, "left" text, excused bool)
       where side_clocks <> '[]'::jsonb and s.month between $1 and $2 and ($4::text is null or s."departmentId" = $4) group by 1),
     sent as (
       select ${side} as g, count(*) as sent, count(*) filter (where s.signed) as signed,
         count(s.signed) as sign_judged, count(*) filter (where s.returned) as given_back
       from read.sla_cycles, jsonb_to_recordset(dispatches) as s("departmentId" text, month text, signed bool, returned bool)
       where accepted_month <= $2 and (submitted_month is null or submitted_month >= $1)
         and s.month between $1 and $2 and ($4::text is null or s."departmentId" = $4) group by 1)
     select g, coalesce(o.n, 0)::int as opened, coalesce(answered, 0)::int as answered, coalesce(dropped, 0)::int as dropped, coalesce(extended, 0)::int as extended,
       coalesce(reopened, 0)::int as reopened, coalesce(sent, 0)::int as sent, coalesce(signed, 0)::int as signed,
       coalesce(sign_judged, 0)::int as sign_judged, coalesce(given_back, 0)::int as given_back, coalesce(c.n, 0)::int as closed, coalesce(on_time, 0)::int as on_time, coalesce(v.n, 0)::int as overdue,
       coalesce(v.excused, 0)::int as overdue_excused, coalesce(limited, 0)::int as limited, coalesce(late_excused, 0)::int as late_excused,
       coalesce(contacted, 0)::int as contacted, coalesce(contact_due, 0)::int as contact_due, coalesce(no_contact_due, 0)::int as no_contact_due,
       coalesce(reached, 0)::int as reached, coalesce(resolved, 0)::int as resolved, coalesce(satisfied, 0)::int as satisfied,
       coalesce(unreachable, 0)::int as unreachable, coalesce(not_called, 0)::int as not_called,
       coalesce(well_rated, 0)::int as well_rated, coalesce(rated, 0)::int as rated, coalesce(not_rated, 0)::int as not_rated,
       coalesce(c.rating_void, 0)::int as rating_void, ${SIDE_COUNTS.map((name) => `coalesce(${name}, 0)::int as ${name}`).join(', ')}
     from opened o full join closed c using (g) full join overdue v using (g) full join side s using (g) full join sent t using (g) order by g`,
    [period.from, period.to, period.end, scope.departmentId ?? null],
  );
  return rows.map((row) => {
    const n = (name: string) => row[name] as number;
    const unlimited = { NO_LIMIT: n('closed') - n('limited') };
    const callback = { UNREACHABLE: n('unreachable'), NOT_CALLED_BACK: n('not_called') };
    return {
      group: String(row.g),
      opened: n('opened'),
      closed: n('closed'),
      onTime: n('on_time'),
      overdue: n('overdue'),
      overdueExcused: n('overdue_excused'),
      onTimeRate: rate(n('on_time'), n('limited'), unlimited),
      onTimeRateExcused: rate(n('on_time') + n('late_excused'), n('limited'), unlimited),
      responseRate: rate(n('contacted'), n('contact_due'), { NOT_DUE: n('no_contact_due') }),
      resolutionRate: rate(n('resolved'), n('reached'), callback),
      satisfactionRate: rate(n('satisfied'), n('reached'), callback),
      ...sideRates(n, 'opinion', ['NO_LIMIT', 'LAPSED']),
      ...sideRates(n, 'rectification', ['NO_LIMIT', 'LAPSED', 'APPEAL_UPHELD']),
      reviewRate: rate(n('well_rated'), n('rated'), { NOT_RATED: n('not_rated'), APPEAL_UPHELD: n('rating_void') }),
      completionRate: rate(n('answered'), n('opened') - n('dropped'), { WITHDRAWN: n('dropped') }),
      callbackRate: rate(n('closed') - n('not_called'), n('closed'), {}),
      reopenRate: rate(n('reopened'), n('closed'), {}),
      extensionRate: rate(n('extended'), n('closed'), {}),
      signRate: rate(n('signed'), n('sign_judged'), { UNSETTLED: n('sent') - n('sign_judged') }),
      returnRate: rate(n('given_back'), n('sent'), {}),
    };
  });
}

const SIDE_KINDS = ['opinion', 'rectification'] as const;
type SideKind = (typeof SIDE_KINDS)[number];

/** What is counted of each kind, and when. */
const SIDE_SQL = {
  kept: 'kept',
  judged: 'kept is not null',
  excused: 'not kept and excused',
  no_limit: `"left" = 'NO_LIMIT'`,
  lapsed: `"left" = 'LAPSED'`,
  appeal_upheld: `"left" = 'APPEAL_UPHELD'`,
} as const;
const SIDE_COUNTS = SIDE_KINDS.flatMap((kind) => Object.keys(SIDE_SQL).map((name) => `${kind}_${name}`));

const sideCounts = (kind: SideKind): string =>
  Object.entries(SIDE_SQL)
    .map(([name, sql]) => `count(*) filter (where kind = '${kind}' and ${sql}) as ${kind}_${name}`)
    .join(', ');

function sideRates<K extends SideKind>(n: (name: string) => number, kind: K, left: readonly string[]) {
  const count = (name: string) => n(`${kind}_${name}`);
  const excluded = Object.fromEntries(left.map((why) => [why, count(why.toLowerCase())]));
  const [raw, excused] = [count('kept'), count('kept') + count('excused')].map((kept) => rate(kept, count('judged'), excluded));
  return { [`${kind}Rate`]: raw, [`${kind}RateExcused`]: excused } as Record<`${K}Rate` | `${K}RateExcused`, Rate>;
}

function rate(numerator: number, denominator: number, excluded: Record<string, number>): Rate {
  return {
    numerator,
    denominator,
    value: denominator === 0 ? null : Math.round((numerator / denominator) * 10_000) / 10_000,
    excluded,
  };
}
