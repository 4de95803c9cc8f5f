import type { Sealed } from '@huicai/kernel';
import { specOf } from '../../kernel/spec-dsl.js';
import type { TalentEvent } from './contract.js';
import { talent } from './talent.js';

const { given } = specOf(talent);
const facts = { now: 0, actor: { id: 'user-window', role: 'window' } } as const;
const sealed = (what: string): Sealed => ({ $enc: 1, s: 't-1', k: 1, a: 'A256GCM', iv: '', ct: what, tag: '', ctx: '' });

const details = {
  talentId: 't-1',
  name: sealed('name'),
  documentType: 'RESIDENT_ID',
  documentNumber: sealed('number'),
  phone: sealed('phone'),
  category: 'P1',
  engagement: 'FULL_TIME',
  employer: sealed('employer'),
} as const;
const registered: TalentEvent = { type: 'TalentRegistered', data: details };
const reason = sealed('reason');

describe('a talent', () => {
  it('is registered once', () => {
    const state = given([]).when({ type: 'RegisterTalent', data: details }, facts).then([registered]);
    expect(state).toEqual(details);
    given([registered]).when({ type: 'RegisterTalent', data: details }, facts).thenRefused('talent-registered');
  });

  it('is corrected field by field; what is not named stays', () => {
    const data = { changes: { phone: sealed('new phone'), category: 'P3' }, reason } as const;
    const state = given([registered])
      .when({ type: 'CorrectTalent', data }, facts)
      .then([{ type: 'TalentCorrected', data }]);
    expect(state).toEqual({ ...details, phone: sealed('new phone'), category: 'P3' });
  });

  it('is corrected again on top of what was corrected', () => {
    const first: TalentEvent = { type: 'TalentCorrected', data: { changes: { category: 'P3' }, reason } };
    const second = { changes: { engagement: 'FLEXIBLE' }, reason } as const;
    const state = given([registered, first])
      .when({ type: 'CorrectTalent', data: second }, facts)
      .then([{ type: 'TalentCorrected', data: second }]);
    expect(state).toMatchObject({ category: 'P3', engagement: 'FLEXIBLE' });
  });

  it('changes and loses its employer of record', () => {
    const moved: TalentEvent = { type: 'TalentCorrected', data: { changes: { employerId: '91350100M000100Y43' }, reason } };
    const left = { changes: { employerId: null }, reason } as const;
    const state = given([registered, moved])
      .when({ type: 'CorrectTalent', data: left }, facts)
      .then([{ type: 'TalentCorrected', data: left }]);
    expect(state).toMatchObject({ employer: details.employer, employerId: null });
  });

  it('can not be corrected before being registered', () => {
    given([])
      .when({ type: 'CorrectTalent', data: { changes: { category: 'P2' }, reason } }, facts)
      .thenRefused('talent-not-found');
  });

  it.each([{}, { phone: undefined }])('has nothing corrected by %j', (changes) => {
    given([registered])
      .when({ type: 'CorrectTalent', data: { changes, reason } }, facts)
      .thenRefused('nothing-to-correct', { field: 'changes' });
  });
});
