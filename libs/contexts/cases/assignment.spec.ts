import fc from 'fast-check';
import { specOf } from '../../kernel/spec-dsl.js';
import { leaveOn } from '../specialists/facts.js';
import { colleague } from '../specialists/specialist.fixture.js';
import { type AssignmentAsked, type Candidate, chooseSpecialist, hasRoom } from './assignment.js';
import { at, CANDIDATES, command, stories, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const DAY = '2026-10-12';
const NOW = at(`${DAY}T10:00`);
const away = (deputyId = 'z') => ({ leaves: [{ leaveId: 'l', from: DAY, to: DAY, deputyId }] });
const one = (specialistId: string, more: Partial<Candidate> = {}): Candidate => ({
  specialistId,
  facts: colleague(),
  open: 0,
  load: 0,
  lastAssignedAt: null,
  ...more,
});
const ask = (mode: AssignmentAsked['mode'], more: Partial<AssignmentAsked> = {}): AssignmentAsked => ({
  mode,
  specialistId: null,
  itemCode: '03',
  area: null,
  ...more,
});
const verdicts = (asked: AssignmentAsked, ...candidates: Candidate[]) =>
  chooseSpecialist(asked, candidates, NOW).considered.map(({ specialistId, verdict }) => `${specialistId} ${verdict}`);

describe('who gets a case', () => {
  it('in turn, is whoever has waited longest', () => {
    const [a, b, c] = [one('a', { lastAssignedAt: 2 }), one('b', { lastAssignedAt: 1 }), one('c', { lastAssignedAt: 3 })];
    expect(verdicts(ask('ROUND_ROBIN'), a, b, c)).toEqual(['b CHOSEN', 'a BEHIND', 'c BEHIND']);
    expect(verdicts(ask('ROUND_ROBIN'), a, one('d'), b)).toEqual(['d CHOSEN', 'b BEHIND', 'a BEHIND']);
  });

  it('by load, is whoever has least to do, what is urgent counting more', () => {
    const [few, many] = [one('a', { open: 2, load: 8 }), one('b', { open: 5, load: 5 })];
    expect(verdicts(ask('LEAST_LOADED'), few, many)).toEqual(['b CHOSEN', 'a BEHIND']);
  });

  it('by skill, knows the item and the area', () => {
    const knows = (areas: string[] = []) => colleague({ itemCodes: ['03'], areas });
    const candidates = [
      one('a', { facts: colleague({ itemCodes: ['04'] }) }),
      one('b', { facts: knows(['liuqing']) }),
      one('c', { facts: knows(), load: 9 }),
    ];
    const skilled = ask('SKILL_MATCHED', { area: 'baisha' });
    expect(verdicts(skilled, ...candidates)).toEqual(['a NOT_SKILLED', 'b OTHER_AREA', 'c CHOSEN']);
    expect(verdicts(ask('SKILL_MATCHED'), ...candidates)).toEqual(['a NOT_SKILLED', 'b CHOSEN', 'c BEHIND']);
  });

  it('passes over who is absent or has no room', () => {
    const full = one('b', { facts: colleague({ capacity: 2 }), open: 2 });
    expect(verdicts(ask('ROUND_ROBIN'), one('a', { facts: colleague(away()) }), full, one('c'))).toEqual([
      'a ABSENT',
      'b AT_CAPACITY',
      'c CHOSEN',
    ]);
    expect(chooseSpecialist(ask('ROUND_ROBIN'), [full], NOW)).toMatchObject({ specialistId: null });
  });

  it('is at work at this hour when anybody is', () => {
    const late = colleague({ hours: [{ weekday: 1, intervals: [{ from: '10:01', to: '17:00' }] }] });
    const early = colleague({ hours: [{ weekday: 1, intervals: [{ from: '10:00', to: '10:01' }] }] });
    expect(verdicts(ask('ROUND_ROBIN'), one('a', { facts: late }), one('b', { facts: early }))).toEqual([
      'a OFF_HOURS',
      'b CHOSEN',
    ]);
    expect(verdicts(ask('ROUND_ROBIN'), one('a', { facts: late }))).toEqual(['a CHOSEN']);
  });

  it('when named and absent, is the deputy, or the deputy’s', () => {
    const named = ask('MANUAL', { specialistId: 'a' });
    const absent = one('a', { facts: colleague(away('b')) });
    expect(verdicts(named, absent, one('b'), one('c'))).toEqual(['a ABSENT', 'b CHOSEN']);
    expect(verdicts(named, absent, one('b', { facts: colleague(away('c')) }), one('c'))).toEqual(['a ABSENT', 'c CHOSEN']);
    expect(verdicts(named, absent, one('b', { facts: colleague(away('a')) }), one('c'))).toEqual(['a ABSENT']);
    const full = one('b', { facts: colleague({ capacity: 0 }) });
    expect(verdicts(named, absent, full)).toEqual(['a ABSENT', 'b AT_CAPACITY']);
    expect(verdicts(named, one('a', { facts: colleague({ capacity: 0 }) }), one('b'))).toEqual(['a AT_CAPACITY']);
  });
});

describe('whoever is asked for, of whomever', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const facts = fc
    .record({
      capacity: fc.option(fc.nat(4)),
      absent: fc.boolean(),
      deputyId: fc.constantFrom(...ids),
      itemCodes: fc.subarray(['03', '04']),
      areas: fc.subarray(['x', 'y']),
      hours: fc.option(fc.constant([{ weekday: 2, intervals: [{ from: '00:00', to: '24:00' }] }])),
    })
    .map(({ absent, deputyId, ...rest }) => colleague({ ...rest, ...(absent ? away(deputyId) : {}) }));
  const candidates = fc.uniqueArray(
    fc.record({
      specialistId: fc.constantFrom(...ids),
      facts,
      open: fc.nat(5),
      load: fc.nat(9),
      lastAssignedAt: fc.option(fc.nat(9)),
    }),
    { selector: ({ specialistId }) => specialistId },
  );
  const asked = fc.record({
    mode: fc.constantFrom('MANUAL', 'ROUND_ROBIN', 'LEAST_LOADED', 'SKILL_MATCHED'),
    specialistId: fc.constantFrom(...ids),
    itemCode: fc.constantFrom('03', '04'),
    area: fc.option(fc.constantFrom('x', 'y')),
  }) as fc.Arbitrary<AssignmentAsked>;
  const suits = (question: AssignmentAsked, { facts: f }: Candidate) =>
    question.mode !== 'SKILL_MATCHED' ||
    (f.itemCodes.includes(question.itemCode) &&
      (question.area === null || f.areas.length === 0 || f.areas.includes(question.area)));

  it('is never absent, never without room, and nobody only when nobody could', () => {
    fc.assert(
      fc.property(asked, candidates, (question, all) => {
        const { specialistId, considered } = chooseSpecialist(question, all, NOW);
        const able = all.filter((each) => !leaveOn(each.facts, DAY) && hasRoom(each) && suits(question, each));
        if (specialistId === null) {
          if (question.mode !== 'MANUAL') expect(able).toEqual([]);
        } else expect(able.map((each) => each.specialistId)).toContain(specialistId);
        expect(considered.filter(({ verdict }) => verdict === 'CHOSEN').map((each) => each.specialistId)).toEqual(
          specialistId === null ? [] : [specialistId],
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('has the same answer in whatever order they are told', () => {
    fc.assert(
      fc.property(
        asked,
        candidates.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        (question, [all, shuffled]) => {
          expect(chooseSpecialist(question, shuffled, NOW)).toEqual(chooseSpecialist(question, all, NOW));
        },
      ),
    );
  });

  it('comes round evenly in turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }), (people, matters) => {
        let all = ids.slice(0, people).map((id) => one(id));
        for (let n = 1; n <= matters; n++) {
          const got = chooseSpecialist(ask('ROUND_ROBIN'), all, NOW).specialistId;
          all = all.map((each) => (each.specialistId === got ? { ...each, open: each.open + 1, lastAssignedAt: NOW + n } : each));
        }
        const counts = all.map(({ open }) => open);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('assigning a case', () => {
  const { given } = specOf(caseDecider);
  const when = '2026-09-30T10:31';
  const busy = CANDIDATES.map((each, i) => ({ ...each, open: 1 - i, load: 1 - i }));

  it('says how, to whom, and who came into question', () => {
    const considered = [
      { specialistId: 'specialist-2', verdict: 'CHOSEN', open: 0, load: 0 },
      { specialistId: 'specialist-1', verdict: 'BEHIND', open: 1, load: 1 },
    ] as const;
    const state = given(stories.signedFor.past)
      .when(command('AssignCase'), told(who.window, when, { candidates: busy }))
      .then([
        { type: 'CaseAssigned', data: { specialistId: 'specialist-2', departmentId: 'ybj', mode: 'LEAST_LOADED', considered } },
      ]);
    expect(state).toMatchObject({ specialistId: 'specialist-2', departmentId: 'ybj' });
  });

  it('gives a case once, and before it is signed for too', () => {
    given(stories.taken.past).when(command('AssignCase'), told(who.window, when)).thenRefused('illegal-step');
    expect(
      stories.dispatched.step('AssignCase', who.department, when).step('SignForCase', who.department, when).facts,
    ).toMatchObject({
      specialistId: 'specialist-1',
      status: 'SIGNED_FOR',
    });
  });

  it('names the deputy when who was named is absent', () => {
    const absent = { leaves: [{ leaveId: 'l', from: '2026-09-30', to: '2026-09-30', deputyId: 'specialist-2' }] };
    const candidates = CANDIDATES.map((each, i) => (i === 0 ? { ...each, facts: colleague(absent) } : each));
    const byHand = (specialistId: string | null) => command('AssignCase', { mode: 'MANUAL', specialistId });
    const assigned = stories.signedFor.step(byHand('specialist-1'), who.window, when, { candidates });
    expect(assigned.past.at(-1)!.event).toMatchObject({
      data: { specialistId: 'specialist-2', mode: 'MANUAL', standsInFor: 'specialist-1' },
    });
    const refused = (asked: ReturnType<typeof byHand>, code: string, field?: string) =>
      given(stories.signedFor.past)
        .when(asked, told(who.window, when, { candidates }))
        .thenRefused(code, field === undefined ? {} : { field });
    refused(byHand(null), 'field-required', 'specialistId');
    refused(byHand('specialist-9'), 'specialist-of-other-department', 'specialistId');
    refused(command('AssignCase', { mode: 'ROUND_ROBIN', specialistId: 'specialist-1' }), 'specialist-not-asked', 'specialistId');
    refused(command('AssignCase', { mode: 'SKILL_MATCHED' }), 'no-specialist-available');
  });

  it('lets nobody take a case who is on leave or has no room', () => {
    const take = (facts: ReturnType<typeof colleague>) =>
      given(stories.signedFor.past).when(
        command('TakeCase'),
        told(who.specialist, when, { candidates: [one('specialist-1', { facts, open: 2 })] }),
      );
    const leaves = [{ leaveId: 'l', from: '2026-09-29', to: '2026-10-09', deputyId: 'specialist-2' }];
    take(colleague({ leaves })).thenRefused('specialist-absent', { params: { to: '2026-10-09' } });
    take(colleague({ capacity: 2 })).thenRefused('specialist-at-capacity', { params: { open: 2, capacity: 2 } });
    take(colleague({ capacity: 3 })).then([{ type: 'CaseTaken', data: { specialistId: 'specialist-1' } }]);
  });
});
