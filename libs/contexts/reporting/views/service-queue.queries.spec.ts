import { migrate } from '@huicai/database';
import { createReadPool, LiveProjection } from '@huicai/projections';
import { lightAt } from '@huicai/working-time';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { QUEUE_NAMES, type QueueName } from './queues.js';
import { countQueues, type QueueCursor, type QueueFilter, type QueueScope, readQueue } from './service-queue.queries.js';
import { type ServiceQueueRow, serviceQueue } from './service-queue.view.js';

jest.setTimeout(60_000);

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  pool = createReadPool(database.url);
  await new LiveProjection(serviceQueue, ['CaseRegistered']).open(
    pool,
    '0192aaaa-0000-7000-8000-000000000001',
    async () => undefined,
  );
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const BASE = Date.parse('2026-10-12T01:00:00.000Z');
const HOUR = 3_600_000;
const uuid = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const SPECIALISTS = [uuid(1), uuid(2)];
const DEPARTMENTS = ['ybj', 'rsj', 'gaj'];

type Sample = Pick<
  ServiceQueueRow,
  | 'department_id'
  | 'specialist_id'
  | 'category'
  | 'tags'
  | 'status'
  | 'open'
  | 'paused'
  | 'item_code'
  | 'co_department_ids'
  | 'returned'
  | 'cycle'
> & { due: number | null; accepted: number | null; number: string; flags: number; registered: number };

const sample: fc.Arbitrary<Sample> = fc.record({
  department_id: fc.option(fc.constantFrom(...DEPARTMENTS)),
  specialist_id: fc.option(fc.constantFrom(...SPECIALISTS)),
  category: fc.option(fc.constantFrom('P1' as const, 'M' as const)),
  tags: fc.subarray(['media', 'visit']),
  status: fc.constantFrom('ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'RESULT_ACCEPTED', 'CLOSED' as const),
  returned: fc.boolean(),
  cycle: fc.integer({ min: 1, max: 4 }),
  flags: fc.nat(31),
  registered: fc.constantFrom(-3, -2, -1).map((hours) => BASE + hours * HOUR),
  open: fc.boolean(),
  paused: fc.boolean(),
  item_code: fc.constantFrom('03', '04'),
  co_department_ids: fc.subarray(DEPARTMENTS),
  // Few instants, so that many rows share one.
  due: fc.option(fc.constantFrom(0, 1, 2, 50).map((hours) => BASE + hours * HOUR)),
  accepted: fc.option(fc.constantFrom(-2, -1, 0).map((hours) => BASE + hours * HOUR)),
  number: fc.constantFrom('LS-2026-000001', 'LS-2026-000012', 'LS-2025-000001', 'LS_2026-000001'),
});

const at = (instant: number | null) => (instant === null ? null : new Date(instant));

/** A row as the projection makes it, light turning an hour before due, at due, and 40 hours after. */
const rowOf = ({ due, accepted, flags, registered, ...rest }: Sample, n: number): ServiceQueueRow => ({
  ...rest,
  case_id: uuid(1000 + ((n * 7919) % 1009)),
  channel_id: 'window',
  urgency: 'NORMAL',
  talent_id: uuid(3 + (n % 2)),
  registered_at: new Date(registered),
  accepted_at: at(accepted),
  submitted_at: null,
  replied_at: null,
  talent_wrote_at: flags & 1 ? new Date(BASE) : null,
  called_back: (flags & 2) > 0,
  dissatisfied: (flags & 4) > 0,
  supervised: (flags & 8) > 0,
  awaits_consent: (flags & 16) > 0,
  priority: 'NORMAL',
  fast_track: false,
  closed_at: null,
  due_at: at(due),
  due_clock: due === null ? null : 'total/1/1',
  total_due: at(due),
  handling_due: null,
  yellow_at: at(due === null ? null : due - HOUR),
  red_at: at(due),
  severe_at: at(due === null ? null : due + 40 * HOUR),
  facts: {} as never,
});

async function fill(rows: readonly ServiceQueueRow[]): Promise<void> {
  await pool.query('truncate read_service_queue_v13.rows');
  await pool.query(
    'insert into read_service_queue_v13.rows select * from jsonb_populate_recordset(null::read_service_queue_v13.rows, $1::jsonb)',
    [JSON.stringify(rows)],
  );
}

const thresholds = (row: ServiceQueueRow) => ({
  yellowAt: row.yellow_at?.getTime() ?? null,
  redAt: row.red_at?.getTime() ?? null,
  severeAt: row.severe_at?.getTime() ?? null,
});

const inScope = (row: ServiceQueueRow, scope: QueueScope): boolean => {
  if (scope.kind === 'all') return true;
  if (scope.kind === 'department')
    return row.department_id === scope.departmentId || row.co_department_ids.includes(scope.departmentId);
  return row.specialist_id === scope.specialistId || (row.specialist_id === null && row.department_id === scope.departmentId);
};

/** What each queue is about, said once more and without SQL. */
const light = (row: ServiceQueueRow, now: number) => lightAt(thresholds(row), now);
const dayOf = (at: number) => new Date(at + 8 * HOUR).toISOString().slice(0, 10);
const stands: Readonly<Record<QueueName, (row: ServiceQueueRow, now: number, seenBy: QueueScope) => boolean>> = {
  mine: ({ open, specialist_id }, _, seenBy) => open && seenBy.kind === 'specialist' && specialist_id === seenBy.specialistId,
  'my-department': ({ open, department_id }, _, seenBy) => open && seenBy.kind !== 'all' && department_id === seenBy.departmentId,
  severe: (row, now) => row.open && light(row, now) === 'SEVERE',
  'to-dispatch': ({ open, status }) => open && status === 'ACCEPTED',
  returned: ({ open, status, returned }) => open && status === 'ACCEPTED' && returned,
  'to-sign-for': ({ open, status }) => open && status === 'DISPATCHED',
  'to-approve': ({ open, awaits_consent }) => open && awaits_consent,
  'due-today': ({ open, due_at }, now) => open && due_at !== null && dayOf(due_at.getTime()) === dayOf(now),
  yellow: (row, now) => row.open && light(row, now) === 'YELLOW',
  red: (row, now) => row.open && ['RED', 'SEVERE'].includes(light(row, now) ?? ''),
  'waiting-for-talent': ({ open, paused }) => open && paused,
  'talent-wrote': ({ talent_wrote_at }) => talent_wrote_at !== null,
  'to-call-back': ({ open, status, called_back }) => open && status === 'RESULT_ACCEPTED' && !called_back,
  dissatisfied: ({ dissatisfied }) => dissatisfied,
  supervised: ({ supervised }) => supervised,
  'reopened-twice': ({ cycle }) => cycle >= 3,
};

const wanted = (row: ServiceQueueRow, filter: QueueFilter, now: number, seenBy: QueueScope): boolean => {
  const { status, queue, number, words, talentIds } = filter;
  const certain = [status, queue, number, words, talentIds].some((asked) => asked !== undefined);
  const open = filter.open ?? (certain ? undefined : true);
  const due = row.due_at?.getTime();
  const accepted = row.accepted_at?.getTime();
  return (
    (filter.queue === undefined || stands[filter.queue](row, now, seenBy)) &&
    (filter.departmentId === undefined || row.department_id === filter.departmentId) &&
    (filter.specialistId === undefined || row.specialist_id === filter.specialistId) &&
    (filter.itemCode === undefined || row.item_code === filter.itemCode) &&
    (filter.status === undefined || row.status === filter.status) &&
    (filter.paused === undefined || row.paused === filter.paused) &&
    (open === undefined || row.open === open) &&
    (filter.acceptedFrom === undefined || (accepted !== undefined && accepted >= filter.acceptedFrom.getTime())) &&
    (filter.acceptedBefore === undefined || (accepted !== undefined && accepted < filter.acceptedBefore.getTime())) &&
    (filter.dueFrom === undefined || (due !== undefined && due >= filter.dueFrom.getTime())) &&
    (filter.dueBefore === undefined || (due !== undefined && due < filter.dueBefore.getTime())) &&
    (filter.registeredFrom === undefined || row.registered_at >= filter.registeredFrom) &&
    (filter.registeredBefore === undefined || row.registered_at < filter.registeredBefore) &&
    (filter.category === undefined || row.category === filter.category) &&
    (filter.tags ?? []).every((tag) => row.tags.includes(tag)) &&
    (filter.words ?? []).every(
      (word) => word.itemCodes.includes(row.item_code) || word.tags.some((tag) => row.tags.includes(tag)),
    ) &&
    (filter.talentIds === undefined || filter.talentIds.includes(row.talent_id)) &&
    (filter.number === undefined || row.number.startsWith(filter.number)) &&
    (filter.light === undefined || lightAt(thresholds(row), now) === filter.light)
  );
};

/** What a page is in the order of. */
const dueIn = ({ queue }: QueueFilter) => (queue === 'severe' ? 'severe_at' : 'due_at');

const soonerBy =
  (at: 'due_at' | 'severe_at') =>
  (a: ServiceQueueRow, b: ServiceQueueRow): number => {
    const [x, y] = [a, b].map((row) => row[at]?.getTime() ?? Number.POSITIVE_INFINITY);
    if (x !== y) return x! < y! ? -1 : 1;
    return a.case_id < b.case_id ? -1 : 1;
  };

const scope: fc.Arbitrary<QueueScope> = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  fc.constantFrom(...DEPARTMENTS).map((departmentId) => ({ kind: 'department' as const, departmentId })),
  fc
    .tuple(fc.constantFrom(...SPECIALISTS), fc.constantFrom(...DEPARTMENTS))
    .map(([specialistId, departmentId]) => ({ kind: 'specialist' as const, specialistId, departmentId })),
);

const filter = fc
  .record(
    {
      queue: fc.constantFrom(...QUEUE_NAMES),
      departmentId: fc.constantFrom(...DEPARTMENTS),
      specialistId: fc.constantFrom(...SPECIALISTS),
      itemCode: fc.constantFrom('03', '04'),
      status: fc.constantFrom('ACCEPTED', 'CLOSED'),
      paused: fc.boolean(),
      open: fc.boolean(),
      acceptedFrom: fc.constantFrom(new Date(BASE - HOUR)),
      acceptedBefore: fc.constantFrom(new Date(BASE)),
      dueFrom: fc.constant(new Date(BASE + HOUR)),
      dueBefore: fc.constant(new Date(BASE + 2 * HOUR)),
      registeredFrom: fc.constant(new Date(BASE - 2 * HOUR)),
      registeredBefore: fc.constant(new Date(BASE - 2 * HOUR)),
      category: fc.constantFrom('P1', 'M'),
      tags: fc.subarray(['media', 'visit'], { minLength: 1 }),
      words: fc.array(fc.record({ itemCodes: fc.subarray(['03', '04']), tags: fc.subarray(['media', 'visit']) }), {
        minLength: 1,
        maxLength: 2,
      }),
      talentIds: fc.constantFrom([], [uuid(3)], [uuid(4), uuid(5)]),
      number: fc.constantFrom('LS-2026', 'LS-2026-00001', 'LS_', '%'),
      light: fc.constantFrom('GREEN' as const, 'YELLOW' as const, 'RED' as const, 'SEVERE' as const),
    },
    { requiredKeys: [] },
  )
  .chain((all) => fc.shuffledSubarray(Object.entries(all), { maxLength: Math.min(2, Object.keys(all).length) }))
  .map((some): QueueFilter => Object.fromEntries(some));

/** Instants at, just before and just after every turn of a light. */
const instants = [0, 1, 2, 50].flatMap((h) =>
  [-HOUR, 0, 40 * HOUR].flatMap((turn) => [-1, 0, 1].map((ms) => BASE + h * HOUR + turn + ms)),
);

const laterBy =
  (order: 'registered' | 'accepted') =>
  (a: ServiceQueueRow, b: ServiceQueueRow): number => {
    const [x, y] = [a, b].map((row) => ((order === 'accepted' ? row.accepted_at : null) ?? row.registered_at).getTime());
    return y! - x! || (a.case_id < b.case_id ? 1 : -1);
  };

it('goes on and back through the same rows in either order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sample, { maxLength: 20 }),
      scope,
      filter,
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom('due' as const, 'registered' as const, 'accepted' as const),
      async (samples, seenBy, asked, limit, order) => {
        const rows = samples.map(rowOf);
        await fill(rows);
        const now = BASE;
        const expected = rows
          .filter((row) => inScope(row, seenBy) && wanted(row, asked, now, seenBy))
          .sort(order === 'due' ? soonerBy(dueIn(asked)) : laterBy(order));
        const read = (more: object) => readQueue(pool, seenBy, asked, { limit, order, ...more }, new Date(now));
        const pages = [await read({})];
        for (let last = pages[0]!; last.next; last = pages.at(-1)!) pages.push(await read({ after: last.next }));
        const ids = ({ rows: some }: { rows: readonly { case_id: string }[] }) => some.map((row) => row.case_id);
        expect(pages.flatMap(ids)).toEqual(expected.map((row) => row.case_id));
        expect(pages[0]!.previous).toBeNull();
        for (let i = pages.length - 1; i > 0; i--) {
          const before = await read({ after: pages[i]!.previous, back: true });
          expect(ids(before)).toEqual(ids(pages[i - 1]!));
          expect([before.previous === null, before.next]).toEqual([i === 1, pages[i - 1]!.next]);
        }
      },
    ),
    { numRuns: process.env.HUICAI_SOAK === '1' ? 1_000 : 40 },
  );
});

it('counts every queue as its pages do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { maxLength: 40 }), scope, fc.constantFrom(...instants), async (samples, seenBy, now) => {
      const rows = samples.map(rowOf);
      await fill(rows);
      const seen = rows.filter((row) => inScope(row, seenBy));
      const totals = await countQueues(pool, seenBy, QUEUE_NAMES, new Date(now));
      expect(totals).toEqual(QUEUE_NAMES.map((name) => seen.filter((row) => stands[name](row, now, seenBy)).length));
    }),
    { numRuns: process.env.HUICAI_SOAK === '1' ? 1_000 : 40 },
  );
});

it('shows every row in sight once, soonest due first, with exact totals and the lights of now', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sample, { maxLength: 30 }),
      scope,
      filter,
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(...instants),
      async (samples, seenBy, asked, limit, now) => {
        const rows = samples.map(rowOf);
        await fill(rows);
        const expected = rows
          .filter((row) => inScope(row, seenBy) && wanted(row, asked, now, seenBy))
          .sort(soonerBy(dueIn(asked)));
        const got: { id: string; light: string | null }[] = [];
        let after: QueueCursor | undefined;
        do {
          const page = await readQueue(pool, seenBy, asked, { limit, ...(after ? { after } : {}) }, new Date(now));
          expect(page.total).toBe(expected.length);
          // Only the last page is short, and none is empty unless all are.
          expect(page.rows.length).toBe(Math.min(limit, expected.length - got.length));
          got.push(...page.rows.map((row) => ({ id: row.case_id, light: row.light })));
          after = page.next ?? undefined;
        } while (after);
        expect(got).toEqual(expected.map((row) => ({ id: row.case_id, light: lightAt(thresholds(row), now) })));
      },
    ),
    { numRuns: process.env.HUICAI_SOAK === '1' ? 2_000 : 60 },
  );
});

describe('over 20,000 rows', () => {
  beforeAll(async () => {
    await pool.query('truncate read_service_queue_v13.rows');
    await pool.query(`
      insert into read_service_queue_v13.rows
      select gen_random_uuid(), 'LS-2026-' || lpad(n::text, 6, '0'), '03', 'window', 'NORMAL', 'SIGNED_FOR', n % 10 = 0, gen_random_uuid(),
        'd' || n % 18, '[]', case when n % 3 > 0 then ('00000000-0000-4000-8000-' || lpad((n % 60)::text, 12, '0'))::uuid end,
        'M', case when n % 200 = 0 then '["visit"]' else '[]' end::jsonb, 1, false, null,
        n % 50 = 0, case when n % 70 = 0 then now() end, n % 2 = 0, n % 90 = 0, n % 80 = 0, n % 60 = 0, 'NORMAL', false, now(), now(), null, null, case when n % 7 > 0 then now() + n * interval '1 minute' end, 'total/1/1', now(), now(), now(), now(), now(), '{}'
      from generate_series(1, 20000) n`);
    await pool.query('analyze read_service_queue_v13.rows');
  });

  /** Plan nodes of the page's query, outermost first. */
  async function plan(seenBy: QueueScope, asked: QueueFilter, after?: QueueCursor): Promise<string[]> {
    const sent: [string, unknown[]][] = [];
    const recording = {
      query: (text: string, params: unknown[] = []) => {
        sent.push([text, params]);
        return pool.query(text, params) as never;
      },
    };
    await readQueue(recording, seenBy, asked, { limit: 50, ...(after ? { after } : {}) }, new Date());
    const [text, params] = sent.find(([sql]) => sql.includes('limit'))!;
    const { rows } = await pool.query(`explain (format json) ${text}`, params);
    const nodes = (node: Record<string, unknown>): string[] => [
      String(node['Node Type']) + (node['Index Name'] ? ` ${String(node['Index Name'])}` : ''),
      ...((node.Plans as Record<string, unknown>[] | undefined) ?? []).flatMap(nodes),
    ];
    return nodes(rows[0]['QUERY PLAN'][0].Plan);
  }

  const behind: QueueCursor = { due: '2126-01-01T00:00:00.000Z', caseId: uuid(1) };
  it.each<[string, QueueScope, QueueFilter, QueueCursor | undefined]>([
    ['the whole queue', { kind: 'all' }, {}, undefined],
    ['a later page', { kind: 'all' }, {}, behind],
    ['a department', { kind: 'all' }, { departmentId: 'd7' }, undefined],
    ['a later page of a department', { kind: 'all' }, { departmentId: 'd7' }, behind],
    ['a specialist', { kind: 'all' }, { specialistId: uuid(7) }, undefined],
    ['a number', { kind: 'all' }, { number: 'LS-2026-000420' }, undefined],
    ['a tag', { kind: 'all' }, { tags: ['visit'] }, undefined],
    ['a talent', { kind: 'all' }, { talentIds: [uuid(3)] }, undefined],
    ["what a department's users see", { kind: 'department', departmentId: 'd7' }, {}, undefined],
    ...QUEUE_NAMES.map((queue): [string, QueueScope, QueueFilter, undefined] => [queue, { kind: 'all' }, { queue }, undefined]),
    ['what a specialist sees', { kind: 'specialist', specialistId: uuid(7), departmentId: 'd7' }, {}, undefined],
  ])('%s is read by an index', async (_, seenBy, asked, after) => {
    const nodes = await plan(seenBy, asked, after);
    expect(nodes.join(' ')).toMatch(/Index Scan/);
    expect(nodes).not.toContain('Seq Scan');
  });

  it('pages of the whole queue come in the order of an index and are not sorted', async () => {
    for (const after of [undefined, behind]) {
      const nodes = await plan({ kind: 'all' }, {}, after);
      // But for the page itself.
      expect(nodes.slice(1).some((node) => node.includes('Sort'))).toBe(false);
    }
  });
});
