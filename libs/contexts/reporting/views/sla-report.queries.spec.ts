import {
  type Act,
  accept,
  acceptResult,
  callback,
  close,
  dispatch,
  excuse,
  handled,
  openOffice,
  reopen,
  sign,
  submit,
  take,
  takeThrough,
  unreachable,
  withdraw,
} from '../../../../test/faults/office.fixture.js';
import { Rig } from '../../../../test/faults/rig.fixture.js';
import { until } from '../../../../test/support/until.js';
import { type Rate, readSlaReport, type SlaReportRow } from './sla-report.queries.js';

jest.setTimeout(60_000);

const DAY = 24 * 60;
const answered: Act[] = [...handled, 60, submit, acceptResult];
const returned: Act = [
  'department',
  { type: 'ReturnCase', reasonCode: 'NOT_OUR_DUTY', reason: null, proposedDepartmentId: null },
];

/** When each case comes in, all in 2026, and what becomes of it. Five working days are promised, and a contact within two hours. */
const CASES: Record<string, readonly [day: string, course: readonly Act[], itemCode?: string]> = {
  answeredInTime: ['09-01', [...answered, callback(true, 5), close]],
  // Due on 8 September, first contact five hours after dispatch.
  answeredLate: [
    '09-01',
    [
      accept,
      dispatch(),
      300,
      sign,
      take,
      handled[4]!,
      10 * DAY,
      'breach',
      submit,
      acceptResult,
      callback(false, 2),
      excuse('total/1/1'),
    ],
  ],
  notReached: ['09-02', [...answered, unreachable, close]],
  notCalledBack: ['09-03', answered],
  forgotten: ['09-04', [...handled, 10 * DAY, 'breach', excuse('handling/1/1')]],
  // Seven days off begin on 1 October: due on 10 October.
  notDueYet: ['09-28', handled],
  withdrawn: ['09-04', [...handled, 30, withdraw]],
  onlyRegistered: ['09-07', []],
  declined: ['09-07', [['window', { type: 'DeclineCase', reasonCode: 'DUPLICATE', reason: null }]]],
  // The second cycle lies in October.
  reopened: ['09-07', [...answered, callback(false, 1), 32 * DAY, reopen, ...handled.slice(1), 30, submit]],
  answeredWithoutContact: ['09-08', [accept, dispatch(), sign, take, submit]],
  returnedAndLeft: ['09-09', [accept, dispatch(), 30, returned]],
  // Both cycles lie in July; the first is excused when the second has begun.
  lateThenReopened: [
    '07-01',
    [
      ...handled,
      10 * DAY,
      'breach',
      submit,
      acceptResult,
      callback(false, 2),
      reopen,
      ...handled.slice(1),
      30,
      submit,
      excuse('total/1/1'),
    ],
  ],
  // Asked for in June what never came: neither answered nor left lying.
  neverHandedIn: [
    '06-01',
    [
      ...handled,
      ['specialist', { type: 'RequestSupplement', materials: '户口簿', until: '2026-06-03', reason: null }],
      5 * DAY,
      'unanswered',
    ],
  ],
  // Nobody had to sign for it any more.
  withdrawnUnsigned: ['05-06', [accept, dispatch(), 30, withdraw]],
  withdrawnAndArchived: ['06-01', [...handled, 30, withdraw, ['window', { type: 'ArchiveCase' }]]],
  leftByAnotherDepartment: ['09-10', [accept, dispatch()], '04'],
};

let rig: Rig;
let report: (by: Parameters<typeof readSlaReport>[1], from: string, to: string, departmentId?: string) => Promise<SlaReportRow[]>;

beforeAll(async () => {
  rig = await Rig.start('2026-09-01T08:00:00+08:00');
  const system = await rig.open();
  const office = await openOffice(system, rig.clock);
  let last = 0n;
  for (const [day, course, itemCode = '03'] of Object.values(CASES)) {
    rig.clock.time = Date.parse(`2026-${day}T09:00:00+08:00`);
    last = (await takeThrough(office, course, { itemCode })).position;
  }
  const worker = rig.work(system, { timersHeld: async () => true });
  await until('the report', async () => {
    const there = await system.pool.query("select to_regclass('read.sla_cycles_checkpoint') as view");
    if (there.rows[0].view === null) return false;
    const { rows } = await system.pool.query('select 1 from read.sla_cycles_checkpoint where position >= $1', [last.toString()]);
    return rows.length > 0;
  });
  await worker.stop();
  report = (by, from, to, departmentId) => {
    const [year, month] = to.split('-').map(Number);
    // Midnight in the office is 16:00 of the day before in UTC.
    const end = new Date(Date.UTC(year!, month!, 1) - 8 * 3_600_000);
    return readSlaReport(system.pool, by, { from, to, end }, departmentId === undefined ? {} : { departmentId });
  };
});
afterAll(() => rig?.close());

const counts = (rows: SlaReportRow[]) =>
  Object.fromEntries(rows.map(({ group, opened, closed, onTime, overdue }) => [group, { opened, closed, onTime, overdue }]));
const rate = (numerator: number, denominator: number, value: number | null, excluded: Rate['excluded']): Rate => ({
  numerator,
  denominator,
  value,
  excluded,
});

it('counts what ended without an answer neither as closed nor as overdue', async () => {
  expect(await report('month', '2026-06', '2026-06')).toMatchObject([{ group: '2026-06', opened: 2, closed: 0, overdue: 0 }]);
});

it('counts a month by item, with what each rate was made of', async () => {
  const rows = await report('item', '2026-09', '2026-09');
  expect(counts(rows)).toEqual({
    '03': { opened: 10, closed: 6, onTime: 5, overdue: 2 },
    '04': { opened: 1, closed: 0, onTime: 0, overdue: 1 },
  });
  const [item] = rows;
  expect(item!.responseRate).toEqual(rate(4, 6, 0.6667, { NOT_DUE: 0 }));
  expect(item!.resolutionRate).toEqual(rate(1, 3, 0.3333, { UNREACHABLE: 1, NOT_CALLED_BACK: 2 }));
  expect(item!.satisfactionRate).toEqual(rate(1, 3, 0.3333, { UNREACHABLE: 1, NOT_CALLED_BACK: 2 }));
  // Nothing counted is no rate, not a rate of nothing.
  expect(rows[1]!.responseRate).toEqual(rate(0, 0, null, { NOT_DUE: 0 }));
  expect(rows[1]!.satisfactionRate.value).toBeNull();
});

it('puts what was opened, answered and left over into the month it belongs to', async () => {
  expect(counts(await report('month', '2026-09', '2026-10'))).toEqual({
    '2026-09': { opened: 11, closed: 6, onTime: 5, overdue: 0 },
    '2026-10': { opened: 1, closed: 1, onTime: 1, overdue: 4 },
  });
  expect(counts(await report('month', '2026-09', '2026-09'))).toEqual({
    '2026-09': { opened: 11, closed: 6, onTime: 5, overdue: 3 },
  });
  expect(await report('month', '2026-08', '2026-08')).toEqual([]);
  expect(counts(await report('month', '2026-11', '2026-11'))).toEqual({
    '2026-11': { opened: 0, closed: 0, onTime: 0, overdue: 4 },
  });
});

it('shows the rate as it is and with what was excused, and of whom the excuse was', async () => {
  const limited = { NO_LIMIT: 0 };
  const [item] = await report('item', '2026-09', '2026-09', 'ybj');
  expect(item).toMatchObject({ onTime: 5, overdue: 1, overdueExcused: 0 });
  expect(item!.onTimeRate).toEqual(rate(5, 6, 0.8333, limited));
  expect(item!.onTimeRateExcused).toEqual(rate(6, 6, 1, limited));
  // The department's own clock was not excused where it answered late, and was where it has not answered.
  const ybj = (await report('department', '2026-09', '2026-09')).find(({ group }) => group === 'ybj')!;
  expect(ybj).toMatchObject({ overdue: 1, overdueExcused: 1 });
  expect(ybj.onTimeRateExcused).toEqual(rate(5, 6, 0.8333, limited));
});

it('shows an excuse of a cycle that was over when it was given', async () => {
  const [july] = await report('month', '2026-07', '2026-07');
  expect(july).toMatchObject({ opened: 2, closed: 2, onTime: 1 });
  expect(july!.onTimeRate).toEqual(rate(1, 2, 0.5, { NO_LIMIT: 0 }));
  expect(july!.onTimeRateExcused).toEqual(rate(2, 2, 1, { NO_LIMIT: 0 }));
  const [department] = await report('department', '2026-07', '2026-07');
  expect(department!.onTimeRateExcused.numerator).toBe(1);
});

it('judges departments by their own clock, and none by a clock it has given back', async () => {
  expect(counts(await report('department', '2026-09', '2026-09'))).toEqual({
    '': { opened: 1, closed: 0, onTime: 0, overdue: 0 },
    rsj: { opened: 1, closed: 0, onTime: 0, overdue: 1 },
    ybj: { opened: 9, closed: 6, onTime: 5, overdue: 1 },
  });
});

it('shows how much was given back, opened again, prolonged, called about and answered at all', async () => {
  const [item, other] = await report('item', '2026-09', '2026-09');
  expect(item).toMatchObject({
    returnRate: rate(1, 10, 0.1, {}),
    // Five hours after the dispatch is late; what is given back in time need not be signed for.
    signRate: rate(9, 10, 0.9, { UNSETTLED: 0 }),
    reopenRate: rate(1, 6, 0.1667, {}),
    extensionRate: rate(0, 6, 0, {}),
    callbackRate: rate(4, 6, 0.6667, {}),
    // One was withdrawn.
    completionRate: rate(6, 9, 0.6667, { WITHDRAWN: 1 }),
  });
  // Nobody has signed for it.
  expect(other).toMatchObject({
    signRate: rate(0, 0, null, { UNSETTLED: 1 }),
    returnRate: rate(0, 1, 0, {}),
    reopenRate: rate(0, 0, null, {}),
  });
  expect(await report('month', '2026-05', '2026-05')).toMatchObject([
    { signRate: rate(0, 0, null, { UNSETTLED: 1 }), completionRate: rate(0, 0, null, { WITHDRAWN: 1 }) },
  ]);
  // What nobody has any more was given back by somebody.
  const departments = await report('department', '2026-09', '2026-09');
  expect(departments.map(({ group, returnRate: { numerator, denominator } }) => [group, numerator, denominator])).toEqual([
    ['', 0, 0],
    ['rsj', 0, 1],
    ['ybj', 1, 10],
  ]);
  expect((await report('item', '2026-09', '2026-09', 'ybj'))[0]!.returnRate).toEqual(rate(1, 10, 0.1, {}));
});

it('shows a department its own cases only', async () => {
  expect(counts(await report('item', '2026-09', '2026-09', 'rsj'))).toEqual({
    '04': { opened: 1, closed: 0, onTime: 0, overdue: 1 },
  });
  expect(counts(await report('item', '2026-09', '2026-09', 'ybj'))).toEqual({
    '03': { opened: 9, closed: 6, onTime: 5, overdue: 1 },
  });
  expect(await report('department', '2026-09', '2026-10', 'gaj')).toEqual([]);
});
