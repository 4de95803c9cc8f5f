import { Readable } from 'node:stream';
import type { ValuesOf } from '@huicai/http';
import { streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { OFFICE_ZONE, officeDay } from '../calendar/facts.js';
import type { Found, Reads } from '../edge.js';
import { maskedFor, masking } from '../visibility.js';
import { BYTE_ORDER_MARK, csvLine } from './csv.js';
import { type FILTER, filterOf, scopeOf } from './queues.pages.js';
import { type QueueCursor, type QueueRow, readRows } from './views/service-queue.queries.js';

/** Rows that are read at a time; the whole is never held. */
const AT_A_TIME = 500;

/** `2026-10-12 09:00:00`, which a spreadsheet takes for an instant of the office. */
const at = (instant: Date | null): string | null =>
  instant === null ? null : formatInstant(instant.getTime(), OFFICE_ZONE).slice(0, 19).replace('T', ' ');

interface Names {
  readonly items: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  readonly departments: Readonly<Record<string, string>>;
}

const LIGHTS = { GREEN: '绿灯', YELLOW: '黄灯', RED: '红灯', SEVERE: '严重超期' } as const;

const STATUSES: Readonly<Record<QueueRow['status'], string>> = {
  REGISTERED: '已登记',
  ACCEPTED: '已受理',
  DISPATCHED: '已派单',
  SIGNED_FOR: '已签收',
  SUBMITTED: '已提交结果',
  RESULT_ACCEPTED: '结果已审核',
  CLOSED: '已办结',
  DECLINED: '不予受理',
  WITHDRAWN: '已撤回',
  ARCHIVED: '已归档',
};

const COLUMNS: readonly (readonly [header: string, of: (row: QueueRow, names: Names) => string | number | null])[] = [
  ['办件编号', (row) => row.number],
  ['事项编码', (row) => row.item_code],
  ['事项名称', (row, { items }) => items.get(row.item_code) ?? null],
  ['状态', (row) => STATUSES[row.status]],
  ['红黄灯', (row) => row.light && LIGHTS[row.light]],
  ['主办单位', (row, { departments }) => row.department_id && (departments[row.department_id] ?? row.department_id)],
  ['协办单位', (row, { departments }) => row.co_department_ids.map((id) => departments[id] ?? id).join('、')],
  ['专员编号', (row) => row.specialist_id],
  ['来源渠道', (row) => row.channel_id],
  ['人才类别', (row) => row.category],
  ['标签', (row, { tags }) => row.tags.map((code) => tags.get(code) ?? code).join('、')],
  ['紧急程度', (row) => row.urgency],
  ['办理轮次', (row) => row.cycle],
  ['暂停中', (row) => (row.paused ? '是' : '否')],
  ['登记时间', (row) => at(row.registered_at)],
  ['受理时间', (row) => at(row.accepted_at)],
  ['提交时间', (row) => at(row.submitted_at)],
  ['办结时间', (row) => at(row.closed_at)],
  ['到期时间', (row) => at(row.due_at)],
];

export interface ExportAsked {
  readonly filter: ValuesOf<typeof FILTER>;
  readonly queue?: string;
  /** Name and phone of the talent as well; each is a reading of personal data. */
  readonly people: boolean;
}

/**
 * All cases asked for as a file of comma separated values, in the order of their registration, which never moves: none is missed or
 * told twice however long it takes. Read as it is sent.
 *
 * @throws Refusal `queue-not-found`
 */
export async function exportCases(reads: Reads, { filter: asked, queue, people }: ExportAsked): Promise<Found> {
  const [scope, filter, items, tags, network] = await Promise.all([
    scopeOf(reads),
    filterOf(reads, asked, queue),
    reads.directory.everyItemName(),
    reads.directory.tagNames(),
    reads.directory.network(),
  ]);
  const names = { items: new Map(items.map(({ code, name }) => [code, name])), tags, departments: network.departments };
  const now = new Date(reads.now);
  async function* lines(): AsyncGenerator<string> {
    yield BYTE_ORDER_MARK + csvLine([...COLUMNS.map(([header]) => header), ...(people ? ['姓名', '联系电话'] : [])]);
    for (let after: QueueCursor | undefined; ; ) {
      const rows = await readRows(reads.db, scope, filter, { limit: AT_A_TIME, ...(after ? { after } : {}) }, now);
      const shown = people ? await peopleOf(reads, rows) : undefined;
      yield rows
        .map((row) =>
          csvLine([...COLUMNS.map(([, of]) => of(row, names)), ...(shown ? (shown.get(row.talent_id) ?? [null, null]) : [])]),
        )
        .join('');
      const last = rows.at(-1);
      if (!last || rows.length < AT_A_TIME) return;
      after = { due: last.registered_at.toISOString(), caseId: last.case_id };
    }
  }
  return {
    type: 'text/csv; charset=utf-8; header=present',
    filename: `cases-${officeDay(reads.now)}.csv`,
    body: Readable.from(lines()),
  };
}

type Person = readonly [name: string | null, phone: string | null];

/** Opened only for those who are told, and written down before that. */
async function peopleOf(reads: Reads, rows: readonly QueueRow[]): Promise<Map<string, Person>> {
  const ids = [...new Set(rows.map(({ talent_id }) => talent_id))];
  const people = await Promise.all(
    ids.map(async (id): Promise<[string, Person]> => {
      const talent = await reads.directory.talent(id);
      if (!talent) return [id, [null, null]];
      const { name, phone } = talent.facts;
      const clear = await reads.open<{ name: string | null; phone: string | null }>(
        { name, phone },
        {
          expected: `${streamName('talent', id)}/`,
          resource: 'queue/export',
          present: masking(maskedFor(reads.caller.role)),
        },
      );
      return [id, [text(clear.name), text(clear.phone)]];
    }),
  );
  return new Map(people);
}

/** What was erased is told as nothing. */
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
