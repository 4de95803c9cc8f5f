import { specOf } from '../../kernel/spec-dsl.js';
import type { HandOverCommand, HandOverEvent } from './contract.js';
import { type HandOverRuleFacts, handOver, MOST_ROWS } from './hand-over.js';
import { handEverythingOver } from './reactions/hand-everything-over-when-hand-over-starts.js';
import { colleague, sealed } from './specialist.fixture.js';
import { assignment } from './specialist.js';

const { given } = specOf(handOver);
const asked = { handOverId: 'h-1', fromSpecialistId: 's-1', toSpecialistId: 's-2', note: sealed('note') };
const start: HandOverCommand = { type: 'StartHandOver', data: asked };
const rows = { caseIds: ['c-1', 'c-2'], talentIds: ['t-1'] };
const started: HandOverEvent = { type: 'HandOverStarted', data: { ...asked, ...rows } };
const facts = (more: Partial<HandOverRuleFacts> = {}): HandOverRuleFacts => ({
  now: Date.parse('2026-10-12T10:00:00+08:00'),
  actor: { id: 'user-supervisor', role: 'supervisor' },
  from: colleague(),
  to: colleague(),
  ...rows,
  ...more,
});

describe('a hand-over of everything', () => {
  it('begins with all that is in hand, and ends once', () => {
    const complete: HandOverCommand = { type: 'CompleteHandOver', data: { handOverId: 'h-1' } };
    const completed: HandOverEvent = { type: 'HandOverCompleted', data: { handOverId: 'h-1' } };
    given([]).when(start, facts()).then([started]);
    given([started]).when(start, facts()).thenRefused('hand-over-started');
    expect(given([started]).when(complete, facts()).then([completed])).toMatchObject({ completed: true });
    given([started, completed]).when(complete, facts()).then([]);
    given([]).when(complete, facts()).thenRefused('hand-over-not-found');
  });

  it.each<[string, HandOverCommand, Partial<HandOverRuleFacts>, string, string | null]>([
    ['by nobody', start, { from: null }, 'specialist-not-found', null],
    ['to nobody', start, { to: null }, 'specialist-not-found', 'toSpecialistId'],
    ['to oneself', { ...start, data: { ...asked, toSpecialistId: 's-1' } }, {}, 'handover-to-self', 'toSpecialistId'],
    ['elsewhere', start, { to: colleague({ departmentId: 'jtj' }) }, 'hand-over-to-other-department', 'toSpecialistId'],
    [
      'to somebody absent',
      start,
      { to: colleague({ leaves: [{ leaveId: 'l', from: '2026-10-12', to: '2026-10-12', deputyId: 's-3' }] }) },
      'specialist-absent',
      'toSpecialistId',
    ],
    ['of nothing', start, { caseIds: [], talentIds: [] }, 'nothing-to-hand-over', null],
    ['of too much', start, { caseIds: Array.from({ length: MOST_ROWS }, (_, i) => `c-${i}`) }, 'hand-over-too-large', null],
  ])('is not made %s', (_, command, more, code, field) => {
    given([])
      .when(command, facts(more))
      .thenRefused(code, field === null ? {} : { field });
  });

  it('leads to one command for each row, and then to its end', () => {
    const commands = handEverythingOver.react({ ...started, stream: 'handOver-h-1' } as never, undefined);
    expect(commands.map(({ aggregate, id, command }) => [aggregate, id, command.type])).toEqual([
      ['case', 'c-1', 'HandOverCase'],
      ['case', 'c-2', 'HandOverCase'],
      ['specialistAssignment', 't-1', 'PassTalentOn'],
      ['handOver', 'h-1', 'CompleteHandOver'],
    ]);
  });

  it('moves a talent who is still theirs, and leaves any other', () => {
    const talents = specOf(assignment);
    const data = { talentId: 't-1', fromSpecialistId: 's-1', toSpecialistId: 's-2', handOverId: 'h-1' };
    const known = { now: 0, actor: { id: 'reaction', role: 'system' }, talentKnown: true, specialistKnown: true } as const;
    const of = (specialistId: string) =>
      talents
        .given([{ type: 'PrimarySpecialistAssigned', data: { talentId: 't-1', specialistId } }])
        .when({ type: 'PassTalentOn', data }, known);
    expect(of('s-1').then([{ type: 'TalentPassedOn', data }])).toEqual({ specialistId: 's-2' });
    of('s-3').then([]);
  });
});
