import { Readable } from 'node:stream';
import { parseInstant } from '@huicai/working-time';
import { shippedCalendar } from '../../../libs/contexts/calendar/shipped.js';
import { answers } from './deadline.js';

const pause = (from: string, to: string) => ({ from: `${from}:00+08:00`, to: `${to}:00+08:00` });
const stretch = (from: string, to: string, counted: boolean, reason: string, more: object = {}) => ({
  from: `${from}:00+08:00`,
  to: `${to}:00+08:00`,
  counted,
  reason,
  ...more,
});

const NOW = parseInstant('2026-11-23T12:00:00+08:00');
const wd = (days: number) => ({ kind: 'workingDays', days });
const request = (start: string, limit: object, more: object = {}) => ({ start, limit, calendar: 'cn-lanshan', ...more });

// biome-ignore lint/suspicious/noExplicitAny: answers and problems differ
async function told(lines: readonly unknown[], language: 'zh' | 'en' = 'en'): Promise<any[]> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const found: unknown[] = [];
  for await (const line of answers(Readable.from([`${text}\n`]), async (id) => shippedCalendar(id), NOW, language))
    found.push(JSON.parse(line));
  return found;
}

describe('deadline --ndjson', () => {
  it('answers every line in order, and a bad one by a problem on its line', async () => {
    const [first, bad, empty, last, ...rest] = await told([
      request('2026-10-11T10:00:00+08:00', wd(1)),
      '{"start":',
      '',
      request('2026-09-30T10:00:00+08:00', wd(5)),
    ]);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ due: '2026-10-12T17:00:00+08:00', provisional: false, calendarVersion: 10 });
    expect(bad).toMatchObject({ code: 'malformed-json', status: 400, line: 2, field: '$' });
    expect(empty).toMatchObject({ code: 'malformed-json', line: 3 });
    expect(last).toMatchObject({ due: '2026-10-13T17:00:00+08:00' });
  });

  it('tells the ledger stretch by stretch', async () => {
    const [answer] = await told([
      request(
        '2026-10-10T16:00:00+08:00',
        { kind: 'workingTime', minutes: 120 },
        { pauses: [pause('2026-10-12T09:00', '2026-10-12T10:00')] },
      ),
    ]);
    expect(answer).toEqual({
      due: '2026-10-12T11:00:00+08:00',
      provisional: false,
      calendar: 'cn-lanshan',
      calendarVersion: 10,
      ledger: [
        stretch('2026-10-10T16:00', '2026-10-10T17:00', true, 'office', { name: '调休上班' }),
        stretch('2026-10-10T17:00', '2026-10-11T00:00', false, 'off-hours'),
        stretch('2026-10-11T00:00', '2026-10-12T00:00', false, 'weekly-off'),
        stretch('2026-10-12T00:00', '2026-10-12T09:00', false, 'off-hours'),
        stretch('2026-10-12T09:00', '2026-10-12T10:00', false, 'paused'),
        stretch('2026-10-12T10:00', '2026-10-12T11:00', true, 'office'),
      ],
    });
  });

  // The Spring Festival of 2020 was to end on 30 January with Saturday 1 February worked; on 27 January it was made to last to
  // 2 February.
  it.each([
    ['2020-01-26T23:59:59.999+08:00', '2020-01-31T17:00:00+08:00', '2020-02-01T17:00:00+08:00', 3],
    ['2020-01-27T00:00:00+08:00', '2020-02-03T17:00:00+08:00', '2020-02-04T17:00:00+08:00', 4],
    ['2020-01-28T09:00:00+08:00', '2020-02-03T17:00:00+08:00', '2020-02-04T17:00:00+08:00', 4],
    [undefined, '2020-02-03T17:00:00+08:00', '2020-02-04T17:00:00+08:00', 10],
  ])('as known at %s, what began on 22 January', async (asKnownAt, inTwoDays, inThree, calendarVersion) => {
    const [two, three] = await told([2, 3].map((days) => request('2020-01-22T10:00:00+08:00', wd(days), { asKnownAt })));
    expect(two).toMatchObject({ due: inTwoDays, provisional: false, calendarVersion });
    expect(three).toMatchObject({ due: inThree, provisional: false, calendarVersion });
  });

  it.each([
    // The list of 2026 was announced on 4 November 2025.
    ['2025-11-03T12:00:00+08:00', '2026-01-07T17:00:00+08:00', true, 9],
    ['2025-11-04T12:00:00+08:00', '2026-01-07T17:00:00+08:00', false, 10],
  ])('as known at %s, a year without its list is provisional', async (asKnownAt, due, provisional, calendarVersion) => {
    const [answer] = await told([request('2025-12-30T10:00:00+08:00', wd(5), { asKnownAt })]);
    expect(answer).toMatchObject({ due, provisional, calendarVersion });
  });

  it.each<[string, object, string, string]>([
    ['a limit of 0', request('2026-10-12T10:00:00+08:00', wd(0)), 'out-of-range', 'limit.days'],
    ['a limit of 10,000 days', request('2026-10-12T10:00:00+08:00', wd(10_000)), 'due-outside-calendar', 'limit.days'],
    [
      '10,000 natural days',
      request('2026-10-12T10:00:00+08:00', { kind: 'naturalDays', days: 10_000 }),
      'due-outside-calendar',
      'limit.days',
    ],
    ['fewer than none', request('2026-10-12T10:00:00+08:00', wd(-1)), 'out-of-range', 'limit.days'],
    [
      'more minutes than there are',
      request('2026-10-12T10:00:00+08:00', { kind: 'workingTime', minutes: 10_000_000 }),
      'due-outside-calendar',
      'limit.minutes',
    ],
    [
      'a number that is text',
      request('2026-10-12T10:00:00+08:00', { kind: 'workingDays', days: '5' }),
      'wrong-type',
      'limit.days',
    ],
    ['half a day', request('2026-10-12T10:00:00+08:00', wd(0.5)), 'wrong-type', 'limit.days'],
    ['no amount', request('2026-10-12T10:00:00+08:00', { kind: 'workingTime' }), 'field-required', 'limit.minutes'],
    ['two amounts', request('2026-10-12T10:00:00+08:00', { ...wd(1), minutes: 1 }), 'limit-of-other-unit', 'limit.minutes'],
    ['an unknown unit', request('2026-10-12T10:00:00+08:00', { kind: 'weeks', days: 1 }), 'not-one-of', 'limit.kind'],
    ['no offset', request('2026-10-12T10:00:00', wd(1)), 'instant-invalid', 'start'],
    ['an offset without its colon', request('2026-10-12T10:00:00+0800', wd(1)), 'instant-invalid', 'start'],
    ['a number for an instant', { ...request('', wd(1)), start: 1_791_770_400_000 }, 'wrong-type', 'start'],
    [
      'a zone, which the calendar names',
      request('2026-10-12T10:00:00+08:00', wd(1), { zone: 'Mars/Olympus' }),
      'unknown-field',
      'zone',
    ],
    ['a due after the years covered', request('2036-12-31T10:00:00+08:00', wd(1)), 'due-outside-calendar', 'limit.days'],
    ['a day that does not exist', request('2026-02-30T10:00:00+08:00', wd(1)), 'instant-invalid', 'start'],
    ['a start before the years covered', request('2013-12-31T10:00:00+08:00', wd(1)), 'outside-calendar', 'start'],
    [
      'an unknown calendar',
      { ...request('2026-10-12T10:00:00+08:00', wd(1)), calendar: 'mars' },
      'calendar-not-found',
      'calendar',
    ],
    [
      'knowledge of tomorrow',
      request('2026-10-12T10:00:00+08:00', wd(1), { asKnownAt: '2026-11-24T12:00:00+08:00' }),
      'known-in-future',
      'asKnownAt',
    ],
    [
      'knowledge before the first version',
      request('2019-10-12T10:00:00+08:00', wd(1), { asKnownAt: '2018-12-05T12:00:00+08:00' }),
      'calendar-not-known-then',
      'asKnownAt',
    ],
    [
      'a pause that ends before it starts',
      request('2026-10-12T10:00:00+08:00', wd(1), {
        pauses: [pause('2026-10-12T11:00', '2026-10-12T12:00'), pause('2026-10-13T11:00', '2026-10-13T10:59')],
      }),
      'pause-reversed',
      'pauses[1].to',
    ],
    [
      'a pause that does not end',
      request('2026-10-12T10:00:00+08:00', wd(1), { pauses: [{ from: '2026-10-12T11:00:00+08:00' }] }),
      'field-required',
      'pauses[0].to',
    ],
    [
      'a pause past the years covered',
      request('2026-10-12T10:00:00+08:00', wd(2), { pauses: [pause('2026-10-12T11:00', '2060-10-12T12:00')] }),
      'due-outside-calendar',
      'pauses',
    ],
    ['an unknown field', request('2026-10-12T10:00:00+08:00', wd(1), { hurry: true }), 'unknown-field', 'hurry'],
  ])('refuses %s', async (_, line, code, field) => {
    const [problem, after] = await told([line, request('2026-10-12T10:00:00+08:00', wd(1))], 'zh');
    expect(problem).toMatchObject({ code, field, line: 1, detail: expect.stringMatching(/\p{Script=Han}/u) });
    expect(after).toMatchObject({ due: '2026-10-13T17:00:00+08:00' });
  });

  it('takes any offset, lines that end either way, and a pause of no length', async () => {
    const empty = { pauses: [pause('2026-10-12T11:00', '2026-10-12T11:00')] };
    const answers = await told([
      `${JSON.stringify(request('2026-10-12T02:00:00Z', wd(1)))}\r`,
      request('2026-10-11T22:00:00-04:00', wd(1)),
      request('2026-10-12T10:00:00+08:00', wd(1), empty),
    ]);
    expect(answers.map(({ due }) => due)).toEqual(Array(3).fill('2026-10-13T17:00:00+08:00'));
  });

  it('unites pauses that overlap', async () => {
    const overlapping = [pause('2026-10-13T09:00', '2026-10-14T12:00'), pause('2026-10-14T09:00', '2026-10-14T17:00')];
    const united = [pause('2026-10-13T09:00', '2026-10-14T17:00')];
    const [a, b] = await told([overlapping, united].map((pauses) => request('2026-10-12T10:00:00+08:00', wd(2), { pauses })));
    expect(a).toEqual(b);
    expect(a.due).toBe('2026-10-16T17:00:00+08:00');
  });
});
