import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { startTestSystem } from '../support/system.js';

const deadline = (start: string, days: number, more: object = {}) => ({
  start,
  limit: { kind: 'workingDays', days },
  calendar: 'cn-lanshan',
  ...more,
});

describe('time limits, asked and explained through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-09-30T10:00:00+08:00');
  const who = {} as Record<'window' | 'talent' | 'stranger' | 'department' | 'elsewhere' | 'supervisor' | 'admin', Client>;
  let caseId: string;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const at = async (instant: string, act: () => Promise<Reply>) => {
    now = Date.parse(instant);
    return done(await act());
  };
  const step = (client: Client, path: string, body?: unknown) => client.post(`cases/${caseId}/${path}`, body);
  const explain = async (clock: string, asOf?: string, client = who.supervisor) =>
    client.get(`cases/${caseId}/clocks/${clock}/explain${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`);

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor', 'admin'] as const) who[role] = await api.as(role);
    who.department = await api.as('department', { departmentId: 'rsj' });
    who.elsewhere = await api.as('department', { departmentId: 'jtj' });
    const talentId = done(await who.window.post('talents', someTalent()), 201).json.id;
    who.talent = await api.as('talent', { talentId });
    who.stranger = await api.as('talent', { talentId: '0190b5a0-0000-7000-8000-000000000000' });
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    caseId = done(await who.window.post('cases', matter), 201).json.id;
    await at('2026-09-30T10:00:00+08:00', () => step(who.window, 'accept'));
    await at('2026-09-30T10:30:00+08:00', () => step(who.window, 'dispatch', {}));
    await at('2026-09-30T11:00:00+08:00', () => step(who.department, 'sign'));
  }, 60_000);
  afterAll(() => api?.stop());

  describe('the calculator', () => {
    it('answers with the due and the ledger, to any role, and records nothing', async () => {
      const before = await api.head();
      const answer = done(await who.stranger.post('working-time/deadline', deadline('2026-09-30T10:00:00+08:00', 5)));
      expect(answer.json).toMatchObject({ due: '2026-10-13T17:00:00+08:00', provisional: false, calendarVersion: 10 });
      expect(answer.json.ledger).toContainEqual({
        from: '2026-10-10T09:00:00+08:00',
        to: '2026-10-10T12:00:00+08:00',
        counted: true,
        reason: 'office',
        name: '调休上班',
      });
      expect(await api.head()).toBe(before);
    });

    it('takes pauses that overlap as one', async () => {
      const paused = async (...pauses: [string, string][]) =>
        done(
          await who.talent.post('working-time/deadline', {
            ...deadline('2026-10-12T10:00:00+08:00', 1),
            limit: { kind: 'workingTime', minutes: 60 },
            pauses: pauses.map(([from, to]) => ({ from: `2026-10-12T${from}:00+08:00`, to: `2026-10-12T${to}:00+08:00` })),
          }),
        ).json.due;
      expect(await paused(['10:30', '11:30'])).toBe('2026-10-12T12:00:00+08:00');
      expect(await paused(['11:00', '11:30'], ['10:30', '11:15'])).toBe('2026-10-12T12:00:00+08:00');
      expect(await paused(['10:30', '11:30'], ['10:30', '11:30'])).toBe('2026-10-12T12:00:00+08:00');
    });

    it('asks for the calendar as it was known', async () => {
      const due = async (asKnownAt?: string) =>
        done(
          await who.talent.post(
            'working-time/deadline',
            deadline('2020-01-22T10:00:00+08:00', 2, asKnownAt ? { asKnownAt } : {}),
          ),
        ).json.due;
      expect(await due('2020-01-26T12:00:00+08:00')).toBe('2020-01-31T17:00:00+08:00');
      expect(await due('2020-01-28T12:00:00+08:00')).toBe('2020-02-03T17:00:00+08:00');
      expect(await due()).toBe('2020-02-03T17:00:00+08:00');
    });

    it.each<[string, object, number, string, string]>([
      ['0 days', deadline('2026-09-30T10:00:00+08:00', 0), 422, 'out-of-range', 'limit.days'],
      ['10,000 days', deadline('2026-09-30T10:00:00+08:00', 10_000), 422, 'due-outside-calendar', 'limit.days'],
      [
        'a calendar nobody has',
        { ...deadline('2026-09-30T10:00:00+08:00', 1), calendar: 'mars' },
        422,
        'calendar-not-found',
        'calendar',
      ],
      ['no offset', deadline('2026-09-30T10:00:00', 1), 422, 'instant-invalid', 'start'],
      [
        'a pause that ends before it starts',
        deadline('2026-09-30T10:00:00+08:00', 1, {
          pauses: [{ from: '2026-09-30T11:00:00+08:00', to: '2026-09-30T10:00:00+08:00' }],
        }),
        422,
        'pause-reversed',
        'pauses[0].to',
      ],
      [
        'what was known in the future',
        deadline('2026-09-30T10:00:00+08:00', 1, { asKnownAt: '2030-01-01T10:00:00+08:00' }),
        422,
        'known-in-future',
        'asKnownAt',
      ],
      [
        'an open pause',
        deadline('2026-09-30T10:00:00+08:00', 1, { pauses: [{ from: '2026-09-30T10:00:00+08:00', to: null }] }),
        400,
        'wrong-type',
        'pauses[0].to',
      ],
    ])('refuses %s', async (_, body, status, code, field) => {
      for (const [language, script] of [
        ['zh', /\p{Script=Han}/u],
        ['en', /^[ -~’]+$/],
      ] as const) {
        const refused = await who.talent.post('working-time/deadline', body, { headers: { 'accept-language': language } });
        expect(refused).toMatchObject({ status, json: { code, field, detail: expect.stringMatching(script) } });
      }
    });
  });

  describe('calendars', () => {
    const list2027 = [
      { date: '2026-12-31', isOffDay: false, name: '元旦调休' },
      { date: '2027-01-01', isOffDay: true, name: '元旦' },
      { date: '2027-01-03', isOffDay: false, name: '元旦调休', hours: [{ from: '09:00', to: '12:00' }] },
    ];

    it('shows each version, since when it was known, and what it says', async () => {
      const { json } = done(await who.talent.get('calendars/cn-lanshan'));
      expect(json.versions).toHaveLength(10);
      expect(json.versions[3]).toEqual({
        version: 4,
        zone: 'Asia/Shanghai',
        publishedYears: [2019, 2020],
        announcedAt: '2020-01-27T00:00:00+08:00',
        knownSince: '2020-01-27T00:00:00+08:00',
      });
      const { exceptions } = done(await who.talent.get('calendars/cn-lanshan/versions/3')).json;
      expect(exceptions).toContainEqual({ date: '2020-02-01', kind: 'opened', name: '调休上班', noticeYear: 2020 });
      expect(await who.talent.get('calendars/cn-lanshan/versions/99')).toMatchObject({
        status: 404,
        json: { code: 'calendar-version-not-found' },
      });
      expect(await who.talent.get('calendars/mars')).toMatchObject({ status: 404, json: { code: 'calendar-not-found' } });
    });

    it('takes a year as CSV and as a list alike, once per key, and asks again under what was known before', async () => {
      const start = deadline('2026-12-30T10:00:00+08:00', 3);
      const due = async (more: object = {}) => done(await who.admin.post('working-time/deadline', { ...start, ...more })).json;
      expect(await due()).toMatchObject({ due: '2027-01-05T17:00:00+08:00', provisional: true });
      const before = new Date(now).toISOString();
      now += 60_000;
      const csv = [
        'date,isOffDay,name,hours',
        '2026-12-31,false,"元旦, 调休",',
        '2027-01-01,true,元旦,',
        '2027-01-03,false,元旦调休,09:00-12:00',
        '',
      ].join('\r\n');
      const publish = () =>
        who.supervisor.post('calendars/cn-lanshan/versions', { csv, year: 2027 }, { headers: { 'idempotency-key': 'y2027' } });
      expect(done(await publish(), 201)).toMatchObject({
        json: { id: 'cn-lanshan', version: 11, events: ['CalendarVersionPublished', 'CalendarChangeApplied'] },
        headers: { location: '/api/v1/calendars/cn-lanshan' },
      });
      expect(done(await publish(), 201).json.version).toBe(11);
      expect(await due()).toMatchObject({ due: '2027-01-04T17:00:00+08:00', provisional: false, calendarVersion: 11 });
      expect(await due({ asKnownAt: before })).toMatchObject({
        due: '2027-01-05T17:00:00+08:00',
        provisional: true,
        calendarVersion: 10,
      });
      now += 60_000;
      done(await who.admin.post('calendars/cn-lanshan/versions', { days: list2027, year: 2027 }), 201);
      expect(await due()).toMatchObject({ due: '2027-01-04T17:00:00+08:00', provisional: false, calendarVersion: 12 });
    });

    it('makes a calendar of its own', async () => {
      const week = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, intervals: [{ from: '09:00', to: '16:00' }] }));
      const calendar = { zone: 'Asia/Shanghai', weekly: week, publishedYears: [2026], statutoryDays: [], exceptions: [] };
      done(await who.admin.post('calendars/counter/versions', { calendar }), 201);
      const body = { ...deadline('2026-10-01T15:00:00+08:00', 1), calendar: 'counter' };
      expect(done(await who.talent.post('working-time/deadline', body)).json.due).toBe('2026-10-02T16:00:00+08:00');
    });

    const base = {
      zone: 'Asia/Shanghai',
      weekly: [{ weekday: 1, intervals: [{ from: '09:00', to: '12:00' }] }],
      publishedYears: [2026],
      statutoryDays: [],
      exceptions: [],
    };
    it.each<[string, object, number, string, string]>([
      ['nothing', {}, 422, 'calendar-said-twice', 'days'],
      ['both forms', { csv: 'date,isOffDay', days: list2027 }, 422, 'calendar-said-twice', 'csv'],
      ['an empty list', { days: [] }, 422, 'notice-invalid', 'days'],
      ['a date twice', { days: [list2027[1], list2027[1]] }, 422, 'duplicate-date', 'days[1].date'],
      ['days of two years without a year', { days: list2027 }, 422, 'notice-year-unclear', 'year'],
      [
        'a day outside its year',
        { year: 2027, days: [...list2027, { date: '2026-11-30', isOffDay: true }] },
        422,
        'exception-outside-notice-year',
        'days[3].date',
      ],
      [
        'a CSV line outside its year',
        { year: 2027, csv: 'date,isOffDay\n2027-01-01,true\n2028-05-01,true' },
        422,
        'exception-outside-notice-year',
        'csv.line[3].date',
      ],
      [
        'a CSV line that is neither true nor false',
        { csv: 'date,isOffDay\n2027-01-01,maybe' },
        422,
        'notice-invalid',
        'csv.line[2].isOffDay',
      ],
      ['a CSV without its head', { csv: '2027-01-01,true' }, 422, 'notice-invalid', 'csv.line[1]'],
      ['a day that does not exist', { csv: 'date,isOffDay\n2027-02-29,true' }, 422, 'date-invalid', 'csv.line[2].date'],
      [
        'hours on a day off',
        { year: 2027, days: [{ date: '2027-01-01', isOffDay: true, hours: [{ from: '09:00', to: '12:00' }] }] },
        422,
        'closed-day-with-hours',
        'days[0].hours',
      ],
      [
        'hours that end before they start',
        { year: 2027, days: [{ date: '2027-01-02', isOffDay: false, hours: [{ from: '12:00', to: '09:00' }] }] },
        422,
        'interval-reversed',
        'days[0].hours[0]',
      ],
      [
        'overlapping intervals',
        {
          calendar: {
            ...base,
            weekly: [
              {
                weekday: 1,
                intervals: [
                  { from: '09:00', to: '12:00' },
                  { from: '11:00', to: '13:00' },
                ],
              },
            ],
          },
        },
        422,
        'intervals-overlap',
        'calendar.weekly[0].intervals[1]',
      ],
      ['an unknown zone', { calendar: { ...base, zone: 'Mars/Olympus' } }, 422, 'unknown-zone', 'calendar.zone'],
      [
        'a zone with daylight saving',
        { calendar: { ...base, zone: 'Europe/Berlin' } },
        422,
        'zone-offset-changes',
        'calendar.zone',
      ],
      ['another zone', { calendar: { ...base, zone: 'Asia/Tokyo' } }, 422, 'not-the-office-zone', 'calendar.zone'],
      [
        'a version from the future',
        { year: 2027, days: list2027, announcedAt: '2030-01-01T00:00:00+08:00' },
        422,
        'calendar-from-the-future',
        'calendar.announcedAt',
      ],
      [
        'a version older than the last',
        { year: 2027, days: list2027, announcedAt: '2020-01-01T00:00:00+08:00' },
        422,
        'calendar-announced-out-of-order',
        'calendar.announcedAt',
      ],
    ])('refuses %s', async (_, body, status, code, field) => {
      const refused = await who.admin.post('calendars/cn-lanshan/versions', body);
      expect([refused.status, refused.json.code, refused.json.field]).toEqual([status, code, field]);
    });

    it('are published by admins and supervisors alone', async () => {
      expect((await who.window.post('calendars/cn-lanshan/versions', { days: list2027, year: 2027 })).status).toBe(403);
      expect((await who.admin.post('calendars/mars/versions', { days: list2027, year: 2027 })).json).toMatchObject({
        code: 'calendar-not-found',
      });
    });
  });

  describe('an explanation', () => {
    let pauseEvent: string;

    it('tells a clock stretch by stretch, with the event behind each', async () => {
      await at('2026-10-09T10:00:00+08:00', () =>
        step(who.department, 'pause', { reasonCode: 'AWAITING_MATERIALS', reason: '等材料' }),
      );
      await at('2026-10-10T10:00:00+08:00', () => step(who.department, 'resume'));
      now = Date.parse('2026-10-10T11:00:00+08:00');
      const { json } = done(await explain('handling%2F1%2F1'));
      expect(json).toMatchObject({
        clockId: 'handling/1/1',
        status: 'RUNNING',
        promisedDue: '2026-10-13T17:00:00+08:00',
        due: '2026-10-14T17:00:00+08:00',
        calendar: { id: 'cn-lanshan', version: 11, promisedUnder: 10 },
        policy: { id: 'default', version: 1, effectiveFrom: '2024-01-01' },
      });
      const paused = json.ledger.filter(({ reason }: { reason: string }) => reason === 'paused');
      pauseEvent = json.events.find(({ type }: { type: string }) => type === 'ClockPaused').id;
      expect(paused).toHaveLength(1);
      expect(paused[0]).toEqual({
        from: '2026-10-09T10:00:00+08:00',
        to: '2026-10-10T10:00:00+08:00',
        counted: false,
        reason: 'paused',
        cause: pauseEvent,
      });
      expect(json.ledger[0]).toMatchObject({ from: '2026-09-30T10:30:00+08:00', reason: 'start-day', counted: false });
      expect(json.ledger).toContainEqual({
        from: '2026-10-01T00:00:00+08:00',
        to: '2026-10-08T00:00:00+08:00',
        counted: false,
        reason: 'closed',
        name: '国庆节',
      });
      expect(json.ledger.at(-1).to).toBe('2026-10-10T11:00:00+08:00');
      expect(json.ahead[0].from).toBe('2026-10-10T11:00:00+08:00');
      expect(json.ahead.at(-1).to).toBe('2026-10-14T17:00:00+08:00');
      expect(json.events.map(({ type }: { type: string }) => type)).toEqual(['CaseDispatched', 'ClockPaused', 'ClockResumed']);
      expect(done(await explain('handling/1/1')).json).toEqual(json);
      expect(done(await explain('handling')).json).toEqual(json);
    });

    it('tells it as it was known then', async () => {
      const before = done(await explain('handling', '2026-10-09T09:59:00+08:00')).json;
      expect(before).toMatchObject({ status: 'RUNNING', due: '2026-10-13T17:00:00+08:00' });
      expect(before.events.map(({ type }: { type: string }) => type)).toEqual(['CaseDispatched']);
      const during = done(await explain('handling', '2026-10-09T16:00:00+08:00')).json;
      expect(during).toMatchObject({ status: 'PAUSED', due: null, light: null });
      expect(during.ledger.at(-1)).toMatchObject({ to: '2026-10-09T16:00:00+08:00', reason: 'paused', cause: pauseEvent });
    });

    it('tells what a later calendar would make of it', async () => {
      const { exceptions } = done(await who.admin.get('calendars/cn-lanshan/versions/10')).json;
      const days = exceptions
        .filter(({ noticeYear }: { noticeYear: number }) => noticeYear === 2026)
        .map(({ date, kind, name }: { date: string; kind: string; name: string }) => ({
          date,
          name,
          isOffDay: kind === 'closed',
        }));
      const asked = new Date(now).toISOString();
      now += 60_000;
      done(
        await who.admin.post('calendars/cn-lanshan/versions', {
          year: 2026,
          days: [...days, { date: '2026-10-12', isOffDay: true, name: '临时放假' }],
        }),
        201,
      );
      expect(done(await explain('handling', asked)).json.underLatestKnown).toMatchObject({ due: '2026-10-14T17:00:00+08:00' });
      expect(done(await explain('handling')).json).toMatchObject({
        due: '2026-10-14T17:00:00+08:00',
        underLatestKnown: { due: '2026-10-15T17:00:00+08:00', provisional: false },
      });
    });

    it('is for those who see the case', async () => {
      expect((await explain('total', undefined, who.talent)).status).toBe(200);
      for (const client of [who.stranger, who.elsewhere])
        expect(await explain('total', undefined, client)).toMatchObject({ status: 403, json: { code: 'not-yours' } });
      expect((await explain('total', undefined, who.admin)).status).toBe(403);
    });

    it.each([
      ['a clock it does not have', 'callback', undefined, 404, 'clock-not-found', 'clock'],
      ['a time before the clock', 'handling', '2026-09-30T10:15:00+08:00', 422, 'clock-not-started-then', 'asOf'],
      ['a time before the case', 'total', '2026-09-29T10:00:00+08:00', 422, 'clock-not-started-then', 'asOf'],
      ['a time to come', 'total', '2027-01-01T10:00:00+08:00', 422, 'as-of-future', 'asOf'],
      ['no time at all', 'total', 'yesterday', 422, 'instant-invalid', 'asOf'],
    ])('refuses %s', async (_, clock, asOf, status, code, field) => {
      const refused = await explain(clock, asOf);
      expect([refused.status, refused.json.code, refused.json.field]).toEqual([status, code, field]);
    });
  });

  it('leaves no shape of an event that is not kept', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
