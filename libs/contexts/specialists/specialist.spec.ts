import type { Sealed } from '@huicai/kernel';
import { specOf } from '../../kernel/spec-dsl.js';
import type { AssignmentEvent } from './contract.js';
import { specialistFacts } from './specialist.fixture.js';
import { assignment, specialist } from './specialist.js';

const actor = { id: 'user-supervisor', role: 'supervisor' } as const;
const sealed = (what: string): Sealed => ({ $enc: 1, s: 's-1', k: 1, a: 'A256GCM', iv: '', ct: what, tag: '', ctx: '' });

describe('a specialist', () => {
  const { given } = specOf(specialist);
  const data = { specialistId: 's-1', name: sealed('name'), kind: 'ITEM', departmentId: 'ybj' } as const;
  const facts = (departmentKnown = true) => specialistFacts({ departmentKnown });

  it('is enrolled once, in a department that exists', () => {
    const state = given([])
      .when({ type: 'EnrolSpecialist', data }, facts())
      .then([{ type: 'SpecialistEnrolled', data }]);
    expect(state).toMatchObject({ departmentId: 'ybj', kind: 'ITEM', capacity: null, leaves: [] });
    given([{ type: 'SpecialistEnrolled', data }])
      .when({ type: 'EnrolSpecialist', data }, facts())
      .thenRefused('specialist-enrolled');
    given([])
      .when({ type: 'EnrolSpecialist', data }, facts(false))
      .thenRefused('department-not-found', { field: 'departmentId', params: { id: 'ybj' } });
  });
});

describe('the specialist a talent turns to', () => {
  const { given } = specOf(assignment);
  const facts = (more: { talentKnown?: boolean; specialistKnown?: boolean } = {}) => ({
    now: 0,
    actor,
    talentKnown: true,
    specialistKnown: true,
    ...more,
  });
  const assigned: AssignmentEvent = { type: 'PrimarySpecialistAssigned', data: { talentId: 't-1', specialistId: 's-1' } };
  const handOver = (toSpecialistId: string) =>
    ({ type: 'HandOverTalent', data: { talentId: 't-1', toSpecialistId, reason: sealed('reason') } }) as const;
  const assign = { type: 'AssignPrimarySpecialist', data: { talentId: 't-1', specialistId: 's-1' } } as const;

  it('is exactly one', () => {
    expect(given([]).when(assign, facts()).then([assigned])).toEqual({ specialistId: 's-1' });
    given([assigned]).when(assign, facts()).thenRefused('talent-has-specialist');
  });

  it('changes by a hand-over that says from whom, to whom and why', () => {
    const data = { talentId: 't-1', fromSpecialistId: 's-1', toSpecialistId: 's-2', reason: sealed('reason') };
    const state = given([assigned])
      .when(handOver('s-2'), facts())
      .then([{ type: 'TalentHandedOver', data }]);
    expect(state).toEqual({ specialistId: 's-2' });
    given([assigned, { type: 'TalentHandedOver', data }])
      .when(handOver('s-2'), facts())
      .thenRefused('handover-to-self', { field: 'toSpecialistId' });
  });

  it('is not handed over before there is one', () => {
    given([]).when(handOver('s-2'), facts()).thenRefused('talent-has-no-specialist');
  });

  it('is somebody known, of a talent known', () => {
    given([])
      .when(assign, facts({ talentKnown: false }))
      .thenRefused('talent-not-found');
    given([])
      .when(assign, facts({ specialistKnown: false }))
      .thenRefused('specialist-not-found', { field: 'specialistId' });
    given([assigned])
      .when(handOver('s-9'), facts({ specialistKnown: false }))
      .thenRefused('specialist-not-found', { field: 'toSpecialistId' });
  });
});
