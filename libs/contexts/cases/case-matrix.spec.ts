import type { Role } from '@huicai/kernel';
import { Refusal } from '@huicai/kernel';
import { refusalOf } from '../../kernel/spec-dsl.js';
import { COMMANDS, command, type Story, stories, told, who } from './case.fixture.js';
import { caseDecider, caseRules, possibleSteps } from './case.js';
import type { CaseCommand } from './contract.js';

type Step = CaseCommand['type'];

const ROLES = Object.keys(who) as Role[];

/** Who may take which step, said once more and independently of the rule rows. */
const ALLOWED: Readonly<Record<Step, readonly Role[]>> = {
  RegisterCase: ['talent', 'window', 'specialist'],
  AcceptCase: ['window'],
  DeclineCase: ['window'],
  DispatchCase: ['window', 'supervisor'],
  SignForCase: ['department'],
  ReturnCase: ['department'],
  TakeCase: ['specialist'],
  ContactRequester: ['department', 'specialist'],
  PauseClock: ['department', 'specialist'],
  ResumeClock: ['department', 'specialist'],
  RequestExtension: ['department', 'specialist'],
  GrantExtension: ['supervisor'],
  RefuseExtension: ['supervisor'],
  SubmitResult: ['department', 'specialist'],
  AcceptResult: ['window'],
  SendBackResult: ['window'],
  RecordCallback: ['window', 'supervisor'],
  RateCase: ['talent'],
  CloseCase: ['window'],
  WithdrawCase: ['talent', 'window'],
  ReopenCase: ['window', 'supervisor'],
  RecordBreach: ['system'],
  RaiseSupervision: ['system'],
};

const HANDLING = ['ReturnCase', 'ContactRequester', 'PauseClock', 'SubmitResult', 'WithdrawCase'] as const;

/** Steps of the system itself. */
const NOTED: readonly Step[] = ['RecordBreach', 'RaiseSupervision'];

/** Which steps people can take in which situation, by when the story had come there, and whether the system may note something. */
const SITUATIONS: readonly (readonly [name: string, story: Story, now: string, steps: readonly Step[], noted: boolean])[] = [
  ['a case that does not exist', stories.empty, '2026-09-30T09:30', ['RegisterCase'], false],
  ['registered', stories.registered, '2026-09-30T09:40', ['AcceptCase', 'DeclineCase', 'WithdrawCase'], false],
  ['declined', stories.declined, '2026-09-30T10:01', [], false],
  ['accepted', stories.accepted, '2026-09-30T10:01', ['DispatchCase', 'WithdrawCase'], true],
  ['dispatched', stories.dispatched, '2026-09-30T10:11', ['SignForCase', 'ReturnCase', 'ContactRequester', 'WithdrawCase'], true],
  ['signed for', stories.signedFor, '2026-09-30T10:31', [...HANDLING, 'TakeCase', 'RequestExtension'], true],
  ['taken by a specialist', stories.taken, '2026-09-30T10:41', [...HANDLING, 'RequestExtension'], true],
  ['paused', stories.paused, '2026-10-08T10:01', ['ContactRequester', 'ResumeClock', 'RequestExtension', 'WithdrawCase'], true],
  [
    'waiting for an extension',
    stories.signedFor.step('RequestExtension', who.department, '2026-09-30T10:31'),
    '2026-09-30T10:32',
    [...HANDLING, 'TakeCase', 'GrantExtension', 'RefuseExtension'],
    true,
  ],
  ['submitted', stories.submitted, '2026-10-12T10:01', ['AcceptResult', 'SendBackResult', 'WithdrawCase'], true],
  ['result accepted', stories.resultAccepted, '2026-10-12T11:01', ['RecordCallback', 'RateCase', 'ReopenCase'], true],
  ['called back', stories.calledBack, '2026-10-12T14:01', ['RecordCallback', 'RateCase', 'CloseCase', 'ReopenCase'], true],
  ['closed', stories.closed, '2026-10-12T15:01', ['RateCase', 'ReopenCase'], true],
  ['closed and rated', stories.rated, '2026-10-12T16:01', ['ReopenCase'], true],
  ['withdrawn', stories.withdrawn, '2026-10-09T10:01', [], true],
  ['open again', stories.reopened, '2026-10-13T10:01', ['DispatchCase', 'WithdrawCase'], true],
];

const codeOf = (story: Story, step: Step, role: Role, now: string): string => {
  try {
    caseDecider.decide(command(step), story.state, told(who[role], now));
    return 'allowed';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};

describe('the rule table', () => {
  it('has one row for every command', () => {
    expect(new Set(caseRules.map((row) => row.command))).toEqual(new Set(COMMANDS));
    expect(caseRules).toHaveLength(COMMANDS.length);
  });

  it.each(COMMANDS)('lets the right roles %s', (step) => {
    expect(new Set(caseRules.find((row) => row.command === step)?.roles)).toEqual(new Set(ALLOWED[step]));
  });
});

describe.each(SITUATIONS)('%s', (_, story, now, steps, noted) => {
  const ownedBy = (role: Role): boolean => {
    if (story.state === null || !['department', 'specialist'].includes(role)) return true;
    return story.facts.departmentId !== null || (role === 'specialist' && story.facts.specialistId !== null);
  };
  const legal = (step: Step) => steps.includes(step) || (NOTED.includes(step) && noted);
  const expected = (step: Step, role: Role): string => {
    if (!ALLOWED[step].includes(role)) return 'role-not-allowed';
    if (!ownedBy(role)) return 'not-yours';
    if (legal(step)) return 'allowed';
    return story.state === null ? 'case-not-found' : 'illegal-step';
  };

  it.each(COMMANDS)('× %s × every role', (step) => {
    const cells = (decide: (role: Role) => string) => Object.fromEntries(ROLES.map((role) => [role, decide(role)]));
    expect(cells((role) => codeOf(story, step, role, now))).toEqual(cells((role) => expected(step, role)));
  });

  it('offers exactly these steps, to all and to each role', () => {
    expect(new Set(possibleSteps(story.state))).toEqual(new Set(steps));
    for (const role of ROLES) {
      const own = COMMANDS.filter((step) => ALLOWED[step].includes(role) && legal(step));
      expect({ role, steps: new Set(possibleSteps(story.state, role)) }).toEqual({ role, steps: new Set(own) });
    }
  });

  it('names them in the refusal of any other', () => {
    if (story.state === null) return;
    const other = COMMANDS.find((step) => ALLOWED[step].includes('window') && !legal(step))!;
    const refusal = refusalOf(() => caseDecider.decide(command(other), story.state, told(who.window, now)));
    const { status } = story.facts;
    expect(refusal).toMatchObject({ kind: 'illegal', code: 'illegal-step', details: { params: { status }, extra: { status } } });
    const { possible } = refusal.details.extra as { possible: string[] };
    expect(new Set(possible)).toEqual(new Set(steps));
  });
});
