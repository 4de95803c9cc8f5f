import type { RecordedEvent } from '@huicai/kernel';
import { type CaseChangeRow, caseChanges } from './case-changes.view.js';

const TALENT = '00000000-0000-4000-8000-000000000001';
const SPECIALIST = '00000000-0000-4000-8000-000000000002';

/** The row after these events, each at ten times its revision. */
function after(...events: [string, object?][]): CaseChangeRow | undefined {
  let row: CaseChangeRow | undefined;
  const rows = {
    all: () => (row ? [row] : []),
    one: () => row,
    put: (next: CaseChangeRow) => (row = next),
    delete: () => undefined,
  };
  for (const [i, [type, data = {}]] of events.entries()) {
    const event = { type, data, stream: 'case-c', revision: BigInt(i), position: BigInt(i * 10) } as unknown as RecordedEvent;
    caseChanges.fold(rows as never, event, undefined);
  }
  return row;
}

const registered: [string, object] = ['CaseRegistered', { talentId: TALENT }];
const dispatched: [string, object] = ['CaseDispatched', { departmentId: 'rsj', coDepartmentIds: ['ybj'] }];
const taken: [string, object] = ['CaseTaken', { specialistId: SPECIALIST }];

it('holds the place of the latest event and who may see the case since', () => {
  expect(after(registered, ['CaseAccepted'])).toMatchObject({
    position: '10',
    revision: '1',
    audience: [`talent:${TALENT}`],
    lost: {},
  });
  expect(after(registered, ['CaseAccepted'], dispatched)?.audience).toEqual([
    `talent:${TALENT}`,
    'department:rsj',
    'department:ybj',
    'untaken:rsj',
  ]);
  expect(after(['CaseAccepted'])).toBeUndefined();
});

it('remembers when somebody lost sight of it, until they see it again', () => {
  const returned: [string] = ['CaseReturned'];
  expect(after(registered, dispatched, taken)).toMatchObject({ lost: { 'untaken:rsj': '20' } });
  expect(after(registered, dispatched, taken, ['RequesterContacted'])).toMatchObject({ lost: { 'untaken:rsj': '20' } });
  const back = after(registered, dispatched, taken, returned)!;
  expect(back).toMatchObject({
    department_id: null,
    audience: [`talent:${TALENT}`],
    lost: { 'untaken:rsj': '20', 'department:rsj': '30', 'department:ybj': '30', [`specialist:${SPECIALIST}`]: '30' },
  });
  expect(after(registered, dispatched, taken, returned, dispatched)?.lost).toEqual({ [`specialist:${SPECIALIST}`]: '30' });
});
