import { migrate } from '@huicai/database';
import { createReadPool, LiveProjection } from '@huicai/projections';
import { lightAt } from '@huicai/working-time';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { caseAssignments } from '../../cases/views/case-assignments.view.js';
import { colleague, sealed } from '../../specialists/specialist.fixture.js';
import { specialists } from '../../specialists/views/specialists.view.js';
import { serviceQueue } from './service-queue.view.js';
import { workInHand } from './workload.queries.js';
import { readWorkload, type WorkCounts, type WorkloadScope } from './workload-board.queries.js';

jest.setTimeout(60_000);

const STORE = '0192aaaa-0000-7000-8000-000000000001';
let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  pool = createReadPool(database.url);
  const open = (live: { open: LiveProjection['open'] }) => live.open(pool, STORE, async () => undefined);
  await open(new LiveProjection(serviceQueue, ['CaseRegistered']));
  await open(new LiveProjection(specialists, ['SpecialistEnrolled']));
  await open(new LiveProjection(caseAssignments, ['CaseTaken']));
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const HOUR = 3_600_000;
const FROM = Date.parse('2026-10-12T00:00:00+08:00');
const TO = FROM + 24 * HOUR;
const NOW = FROM + 10 * HOUR;
const uuid = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const DEPARTMENTS = ['ybj', 'rsj'];
const PEOPLE = [1, 2, 3, 4].map((n) => ({ id: uuid(n), departmentId: DEPARTMENTS[n % 2]! }));

const matter = fc.record({
  specialist: fc.option(fc.constantFrom(...PEOPLE)),
  departmentId: fc.option(fc.constantFrom(...DEPARTMENTS)),
  open: fc.boolean(),
  paused: fc.boolean(),
  // Around now and around both ends of the day, to the instant.
  due: fc.option(fc.constantFrom(FROM - 1, FROM, NOW - 1, NOW, NOW + 1, NOW + HOUR, TO - 1, TO)),
});
type Matter = typeof matter extends fc.Arbitrary<infer M> ? M : never;

const at = (instant: number | null) => (instant === null ? null : new Date(instant).toISOString());
/** Light turning an hour before due, at due, and 40 hours after. */
const thresholds = (due: number) => ({ yellowAt: due - HOUR, redAt: due, severeAt: due + 40 * HOUR });

async function fill(matters: readonly Matter[]): Promise<void> {
  const rows = matters.map(({ specialist, departmentId, open, paused, due }, n) => ({
    ...{ case_id: uuid(1000 + n), number: `LS-2026-${n}`, item_code: '03', channel_id: 'window', urgency: 'NORMAL' },
    ...{ status: open ? 'SIGNED_FOR' : 'CLOSED', open, talent_id: uuid(9), co_department_ids: [], cycle: 1, paused },
    department_id: specialist?.departmentId ?? departmentId,
    specialist_id: specialist?.id ?? null,
    ...{
      returned: false,
      called_back: false,
      dissatisfied: false,
      supervised: false,
      awaits_consent: false,
      priority: 'NORMAL',
      fast_track: false,
    },
    tags: [],
    registered_at: at(FROM),
    due_at: at(due),
    yellow_at: at(due === null ? null : thresholds(due).yellowAt),
    red_at: at(due),
    severe_at: at(due === null ? null : thresholds(due).severeAt),
    facts: {},
  }));
  const people = PEOPLE.map(({ id, departmentId }) => ({
    ...{ specialist_id: id, department_id: departmentId, kind: 'ITEM', name: sealed('name'), revision: 0 },
    facts: colleague({ departmentId }),
  }));
  for (const [table, content] of [
    ['read_service_queue_v13.rows', rows],
    ['read_specialists_v2.rows', people],
  ] as const) {
    await pool.query(`truncate ${table}`);
    await pool.query(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`, [
      JSON.stringify(content),
    ]);
  }
}

const lightOf = (due: number | null) => (due === null ? null : lightAt(thresholds(due), NOW));
const isRed = (light: string | null) => light === 'RED' || light === 'SEVERE';
/** The same numbers, counted by hand. */
function counted(matters: readonly Matter[]): WorkCounts {
  const open = matters.filter((one) => one.open);
  const lights = open.map(({ due }) => lightOf(due));
  return {
    open: open.length,
    dueToday: open.filter(({ due }) => due !== null && due >= FROM && due < TO).length,
    yellow: lights.filter((light) => light === 'YELLOW').length,
    red: lights.filter(isRed).length,
    paused: open.filter(({ paused }) => paused).length,
  };
}

const scopes = fc.constantFrom<WorkloadScope>(
  { kind: 'all' },
  { kind: 'department', departmentId: 'ybj' },
  { kind: 'specialist', specialistId: PEOPLE[0]!.id, departmentId: PEOPLE[0]!.departmentId },
);

it('counts for everybody in scope what they have, and what nobody has, exactly', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(matter, { maxLength: 40 }),
      scopes,
      fc.option(fc.constantFrom(...DEPARTMENTS)),
      async (matters, scope, departmentId) => {
        await fill(matters);
        const today = { now: new Date(NOW), from: new Date(FROM), to: new Date(TO) };
        const { rows, unassigned } = await readWorkload(pool, scope, departmentId, today);
        const mayKnow = (department: string | null) =>
          (departmentId === null || department === departmentId) && (scope.kind === 'all' || department === scope.departmentId);
        const seen = PEOPLE.filter(
          (one) => mayKnow(one.departmentId) && (scope.kind !== 'specialist' || one.id === scope.specialistId),
        );
        expect(new Set(rows.map((row) => row.specialist_id))).toEqual(new Set(seen.map(({ id }) => id)));
        expect(rows).toHaveLength(seen.length);
        for (const row of rows)
          expect(row).toMatchObject(counted(matters.filter(({ specialist }) => specialist?.id === row.specialist_id)));
        expect(unassigned).toEqual(
          counted(matters.filter((one) => one.specialist === null && one.departmentId !== null && mayKnow(one.departmentId))),
        );
      },
    ),
    { numRuns: 60 },
  );
});

it('weighs what is in hand by how much time is left, for those who are asked about', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(matter, { maxLength: 30 }), async (matters) => {
      await fill(matters);
      const found = await workInHand(pool, [PEOPLE[0]!.id, PEOPLE[1]!.id], new Date(NOW));
      for (const { specialistId, open, load, lastAssignedAt } of found) {
        const own = matters.filter((one) => one.open && one.specialist?.id === specialistId);
        const weights = own.map(({ due }) => (isRed(lightOf(due)) ? 4 : lightOf(due) === 'YELLOW' ? 2 : 1));
        expect({ open, load, lastAssignedAt }).toEqual({
          open: own.length,
          load: weights.reduce<number>((sum, weight) => sum + weight, 0),
          lastAssignedAt: null,
        });
      }
      expect(found).toHaveLength(2);
    }),
    { numRuns: 30 },
  );
});
