import { specOf } from '../../kernel/spec-dsl.js';
import { foldCatalogue } from '../catalogue/facts.js';
import { at, command, sealed, stories, stranger, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);
const morning = '2026-09-30T09:30';

describe('registering a case', () => {
  it('numbers it, keeps the list version and who took it in, and starts no clock', () => {
    const state = given([])
      .when(command('RegisterCase'), told(who.window, morning))
      .then([
        {
          type: 'CaseRegistered',
          data: {
            caseId: 'case-1',
            number: 'LS-2026-000001',
            talentId: 'talent-1',
            itemCode: '03',
            catalogueVersion: '2024-draft',
            channelId: 'window',
            urgency: 'NORMAL',
            matter: sealed('matter'),
            subjects: [{ subjectId: 'talent-1', relation: 'SELF', name: null }],
            firstContactPerson: 'user-window',
          },
        },
      ]);
    expect(state).toMatchObject({ status: 'REGISTERED', registeredAt: at(morning), cycle: 1, clocks: [], acceptedAt: null });
    // Read models keep the folded case; free text stays in the event.
    expect(state).not.toHaveProperty('matter');
  });

  it.each(['talent', 'employer', 'window', 'specialist'] as const)('is open to a %s', (role) => {
    expect(stories.empty.step('RegisterCase', who[role], morning).facts.firstContactPerson).toBe(who[role].actor.id);
  });

  it('lets a talent register for themselves only', () => {
    given([]).when(command('RegisterCase'), told(stranger.talent, morning)).thenRefused('not-yours');
    given([])
      .when(command('RegisterCase'), told({ ...who.talent, caller: { ...who.talent.caller, talentId: null } }, morning))
      .thenRefused('not-yours');
  });

  it('lets an employer register for its own talents only, and keeps which employer it was', () => {
    expect(stories.empty.step('RegisterCase', who.employer, morning).past[0]!.event.data).toMatchObject({
      employerId: 'employer-1',
    });
    for (const talentEmployerId of [null, 'employer-2'])
      given([])
        .when(command('RegisterCase'), told(who.employer, morning, { talentEmployerId }))
        .thenRefused('not-yours');
    given([]).when(command('RegisterCase'), told(stranger.employer, morning)).thenRefused('not-yours');
    const nobody = { ...who.employer, caller: { ...who.employer.caller, employerId: null } };
    for (const talentEmployerId of [null, 'employer-1'])
      given([])
        .when(command('RegisterCase'), told(nobody, morning, { talentEmployerId }))
        .thenRefused('employer-unknown');
  });

  it.each(['department', 'supervisor', 'auditor', 'venue', 'admin', 'system'] as const)('is refused to a %s', (role) => {
    given([]).when(command('RegisterCase'), told(who[role], morning)).thenRefused('role-not-allowed', { params: { role } });
  });

  it('refuses a talent nobody knows', () => {
    given([])
      .when(command('RegisterCase'), told(who.window, morning, { talentKnown: false }))
      .thenRefused('talent-not-found', { field: 'talentId' });
  });

  it.each(['fax', 'constructor', '__proto__', ''])('refuses the channel %j, which was never opened', (channelId) => {
    given([])
      .when(command('RegisterCase', { channelId }), told(who.window, morning))
      .thenRefused('channel-not-found', { field: 'channelId' });
  });

  it.each([
    ['28', 'item-not-offered'],
    ['', 'item-not-offered'],
    ['24', 'item-used-on-site'],
  ])('refuses item %j as %s', (itemCode, code) => {
    given([])
      .when(command('RegisterCase', { itemCode }), told(who.window, morning))
      .thenRefused(code, { field: 'itemCode', params: { code: itemCode } });
  });

  it('takes an item that is both handled and used on site', () => {
    expect(stories.empty.step(command('RegisterCase', { itemCode: '01' }), who.window, morning).facts.itemCode).toBe('01');
  });

  it('offers nothing before the list takes effect', () => {
    given([])
      .when(command('RegisterCase'), told(who.window, '2023-12-31T23:59'))
      .thenRefused('item-not-offered', { field: 'itemCode' });
    expect(stories.empty.step('RegisterCase', who.window, '2024-01-01T00:00').facts.catalogueVersion).toBe('2024-draft');
  });

  it('keeps the list version it was opened under when the list changes', () => {
    const { catalogue } = told(who.window, morning);
    const next = [
      {
        type: 'CatalogueVersionDrafted' as const,
        data: { version: '2026-10', items: [{ ...catalogue.versions['2024-draft']!.items[0]!, code: '31' }] },
      },
      { type: 'CatalogueVersionPublished' as const, data: { version: '2026-10', effectiveFrom: '2026-10-01' } },
    ].reduce(foldCatalogue, catalogue);
    given([])
      .when(command('RegisterCase'), told(who.window, '2026-10-01T00:00', { catalogue: next }))
      .thenRefused('item-not-offered');
    const story = stories.empty.step('RegisterCase', who.window, '2026-09-30T23:59', { catalogue: next });
    const later = story.step('AcceptCase', who.window, '2026-10-08T09:00', { catalogue: next });
    expect(later.facts.catalogueVersion).toBe('2024-draft');
  });

  it('is a fault of the program, not of the caller, to ask without a number', () => {
    expect(() => caseDecider.decide(command('RegisterCase'), null, told(who.window, morning, { number: null }))).toThrow(
      'A case can not be registered without a number',
    );
  });

  it('happens once', () => {
    given(stories.registered.past)
      .when(command('RegisterCase'), told(who.window, '2026-09-30T09:40'))
      .thenRefused('illegal-step', {
        extra: {
          status: 'REGISTERED',
          possible: expect.arrayContaining([
            'AcceptCase',
            'DeclineCase',
            'WithdrawCase',
            'AnswerDirectly',
            'RemindCase',
            'AddNote',
            'SendMessage',
          ]),
        },
      });
  });
});

describe('accepting a case', () => {
  const { given: g } = specOf(caseDecider);

  it('promises the limit of the item and urgency from that moment', () => {
    const state = g(stories.registered.past)
      .when(command('AcceptCase'), told(who.window, '2026-09-30T10:00'))
      .then([
        {
          type: 'CaseAccepted',
          data: {
            clocks: [
              {
                clockId: 'total/1/1',
                category: 'M',
                kind: 'total',
                limit: { kind: 'workingDays', days: 5 },
                calendarId: 'cn-lanshan',
                calendarVersion: 1,
                policyVersion: 1,
                promisedDue: new Date(at('2026-10-13T17:00')).toISOString(),
                provisional: false,
              },
            ],
          },
        },
      ]);
    expect(state).toMatchObject({ status: 'ACCEPTED', acceptedAt: at('2026-09-30T10:00') });
  });

  it.each([
    ['ENQUIRY', '2026-10-08T17:00'],
    ['NORMAL', '2026-10-13T17:00'],
    ['COMPLEX', '2026-10-27T17:00'],
  ] as const)('%s: due %s', (urgency, due) => {
    const story = stories.empty
      .step(command('RegisterCase', { urgency }), who.window, morning)
      .step('AcceptCase', who.window, '2026-09-30T10:00');
    expect(story.due('total/1/1')).toBe(due);
  });

  it('says so when the promise runs into a year whose holidays are not published', () => {
    const story = stories.empty
      .step('RegisterCase', who.window, '2026-12-29T09:00')
      .step('AcceptCase', who.window, '2026-12-29T10:00');
    expect(story.clock('total/1/1')).toMatchObject({ provisional: true });
    // 30 and 31 December, then 4, 5 and 6 January: New Year's Day is off by law, the rest is a guess.
    expect(story.due('total/1/1')).toBe('2027-01-06T17:00');
  });

  it('is for the window', () => {
    g(stories.registered.past).when(command('AcceptCase'), told(who.supervisor, morning)).thenRefused('role-not-allowed');
    g([]).when(command('AcceptCase'), told(who.window, morning)).thenRefused('case-not-found');
  });

  it('happens once', () => {
    g(stories.accepted.past)
      .when(command('AcceptCase'), told(who.window, '2026-09-30T11:00'))
      .thenRefused('illegal-step', {
        params: { status: 'ACCEPTED' },
        extra: {
          status: 'ACCEPTED',
          possible: expect.arrayContaining([
            'DispatchCase',
            'WithdrawCase',
            'AnswerDirectly',
            'RemindCase',
            'AddNote',
            'SendMessage',
            'SuperviseCase',
          ]),
        },
      });
  });
});

describe('declining a case', () => {
  it('ends it with a reason', () => {
    const reasoned = { reasonCode: 'NOT_OUR_DUTY', reason: sealed('why') };
    const state = given(stories.registered.past)
      .when(command('DeclineCase', reasoned), told(who.window, '2026-09-30T10:00'))
      .then([{ type: 'CaseDeclined', data: reasoned }]);
    expect(state).toMatchObject({ status: 'DECLINED', clocks: [], acceptedAt: null });
  });

  it('leaves nothing to do', () => {
    given(stories.declined.past)
      .when(command('AcceptCase'), told(who.window, '2026-09-30T11:00'))
      .thenRefused('illegal-step', {
        extra: { status: 'DECLINED', possible: expect.arrayContaining(['AddNote', 'SendMessage', 'ArchiveCase']) },
      });
  });
});

describe('withdrawing a case', () => {
  it.each(['registered', 'accepted', 'dispatched', 'contacted', 'paused', 'extensionAsked', 'submitted'] as const)(
    'is open to talent and window while it is %s, and stops every clock',
    (name) => {
      for (const by of [who.talent, who.window]) {
        const state = stories[name].step('WithdrawCase', by, '2026-10-12T10:30').facts;
        expect(state).toMatchObject({ status: 'WITHDRAWN', pausedSince: null, pausedClockIds: [], extensionAsked: null });
        expect(state.clocks.filter((clock) => clock.stoppedAt === null)).toEqual([]);
      }
    },
  );

  it('is not open to another talent, nor once the result is accepted', () => {
    given(stories.accepted.past)
      .when(command('WithdrawCase'), told(stranger.talent, '2026-09-30T11:00'))
      .thenRefused('not-yours');
    given(stories.resultAccepted.past)
      .when(command('WithdrawCase'), told(who.talent, '2026-10-12T12:00'))
      .thenRefused('illegal-step', {
        extra: {
          status: 'RESULT_ACCEPTED',
          possible: expect.arrayContaining([
            'RecordCallback',
            'RateCase',
            'ReopenCase',
            'AddNote',
            'SendMessage',
            'SuperviseCase',
          ]),
        },
      });
  });
});
