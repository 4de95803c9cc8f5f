import type { Role } from '@huicai/kernel';
import { Refusal } from '@huicai/kernel';
import { refusalOf } from '../../kernel/spec-dsl.js';
import {
  at,
  COMMANDS,
  command,
  PLAIN_POLICY,
  STRICT_POLICY,
  type Story,
  sealed,
  stories,
  timeUnder,
  told,
  who,
} from './case.fixture.js';
import { caseDecider, caseRules, possibleSteps } from './case.js';
import type { CaseCommand } from './contract.js';

type Step = CaseCommand['type'];

const ROLES = Object.keys(who) as Role[];

/** Who may take which step, said once more and independently of the rule rows. */
const ALLOWED: Readonly<Record<Step, readonly Role[]>> = {
  RegisterCase: ['talent', 'employer', 'window', 'specialist'],
  AcceptCase: ['window'],
  DeclineCase: ['window'],
  DispatchCase: ['window', 'supervisor'],
  SignForCase: ['department'],
  ReturnCase: ['department'],
  TakeCase: ['specialist'],
  AssignCase: ['window', 'supervisor', 'department'],
  ContactRequester: ['department', 'specialist'],
  PauseClock: ['department', 'specialist'],
  ResumeClock: ['department', 'specialist'],
  EndPause: ['system'],
  ReplyInPause: ['talent', 'employer', 'window'],
  RequestExtension: ['department', 'specialist'],
  GrantExtension: ['supervisor'],
  RefuseExtension: ['supervisor'],
  SubmitResult: ['department', 'specialist'],
  AcceptResult: ['window'],
  SendBackResult: ['window'],
  RecordCallback: ['window', 'supervisor'],
  RateCase: ['talent'],
  RecordRatingReceipt: ['system'],
  OpenRectification: ['system'],
  SubmitRectification: ['department', 'specialist', 'window'],
  CallBackRectification: ['window', 'supervisor'],
  AppealRating: ['department', 'specialist', 'window'],
  UpholdAppeal: ['supervisor'],
  DismissAppeal: ['supervisor'],
  CloseCase: ['window'],
  WithdrawCase: ['talent', 'employer', 'window'],
  ReopenCase: ['window', 'supervisor'],
  RecordBreach: ['system'],
  RaiseSupervision: ['system'],
  ExcuseBreach: ['supervisor'],
  WithdrawExcuse: ['supervisor'],
  HandOverCase: ['system'],
  ReturnToQueue: ['system'],
  AnswerDirectly: ['window'],
  RefuseReturn: ['window', 'supervisor'],
  ReassignCase: ['window', 'supervisor'],
  RequestOpinion: ['department', 'specialist'],
  GiveOpinion: ['department', 'specialist'],
  RequestSupplement: ['department', 'specialist'],
  ReceiveSupplement: ['window', 'department', 'specialist'],
  CloseUnanswered: ['system'],
  RemindCase: ['talent', 'employer', 'window', 'supervisor'],
  TagCase: ['window', 'department', 'specialist', 'supervisor'],
  UntagCase: ['window', 'department', 'specialist', 'supervisor'],
  AddNote: ['window', 'department', 'specialist', 'supervisor'],
  SendMessage: ['talent', 'window', 'department', 'specialist', 'supervisor'],
  ArchiveCase: ['window', 'supervisor'],
  SuperviseCase: ['supervisor'],
  WorkOffSupervision: ['department', 'specialist'],
  CloseSupervision: ['supervisor'],
  ReceiveDeferredMaterials: ['window', 'department', 'specialist'],
  ApprovePause: ['supervisor', 'department'],
  RefusePause: ['supervisor', 'department'],
  ApproveResult: ['department'],
  SendBackProposal: ['department'],
  CorrectStepTime: ['supervisor'],
  CorrectPause: ['supervisor'],
  RecordLatePause: ['supervisor'],
  CorrectResult: ['supervisor'],
  CorrectCallback: ['supervisor'],
};

/** What can be said of every case there is. */
const EVER = ['TagCase', 'AddNote', 'SendMessage'] as const;
const ACCEPTED = [...EVER, 'CorrectStepTime', 'RecordLatePause'] as const;
const OPEN = [...ACCEPTED, 'RemindCase', 'SuperviseCase'] as const;
const REGISTERED = [...EVER, 'RemindCase', 'AnswerDirectly'] as const;
const ANSWERED = [...ACCEPTED, 'CorrectResult'] as const;
const SUBMITTED = [...OPEN, 'CorrectResult', 'AcceptResult', 'SendBackResult', 'WithdrawCase'] as const;
const JUDGED = [...ANSWERED, 'SuperviseCase'] as const;
const CALLED = [...JUDGED, 'CorrectCallback'] as const;

const HANDLING = [
  ...OPEN,
  'ReturnCase',
  'ReassignCase',
  'RequestSupplement',
  'RequestOpinion',
  'ContactRequester',
  'PauseClock',
  'SubmitResult',
  'WithdrawCase',
] as const;

/** Steps of the system itself. */
const NOTED: readonly Step[] = [
  'RecordBreach',
  'RaiseSupervision',
  'EndPause',
  'HandOverCase',
  'ReturnToQueue',
  'CloseUnanswered',
  'OpenRectification',
];

const DUE = '2026-10-13T17:00';
const late = stories.contacted
  .step(command('RecordBreach', { clockId: 'handling/1/1', due: new Date(at(DUE)).toISOString() }), who.system, DUE)
  .step('SubmitResult', who.specialist, '2026-10-14T10:00');
const badlyRated = stories.closed.step(command('RateCase', { satisfaction: 1 }), who.talent, '2026-10-12T16:00');
const toPutRight = badlyRated.step('OpenRectification', who.system, '2026-10-12T16:00');
const appealed = toPutRight.step('AppealRating', who.department, '2026-10-12T16:10');
const putRight = toPutRight.step('SubmitRectification', who.specialist, '2026-10-12T16:10');
const excused = late.step('ExcuseBreach', who.supervisor, '2026-10-14T11:00');

const strict = { time: timeUnder(STRICT_POLICY) };

/** Which steps people can take in which situation, by when the story had come there, and whether the system may note something. */
const SITUATIONS: readonly (readonly [name: string, story: Story, now: string, steps: readonly Step[], noted: boolean])[] = [
  ['a case that does not exist', stories.empty, '2026-09-30T09:30', ['RegisterCase'], false],
  ['registered', stories.registered, '2026-09-30T09:40', [...REGISTERED, 'AcceptCase', 'DeclineCase', 'WithdrawCase'], false],
  ['declined', stories.declined, '2026-09-30T10:01', [...EVER, 'ArchiveCase'], false],
  ['accepted', stories.accepted, '2026-09-30T10:01', [...OPEN, 'AnswerDirectly', 'DispatchCase', 'WithdrawCase'], true],
  [
    'dispatched',
    stories.dispatched,
    '2026-09-30T10:11',
    [...OPEN, 'SignForCase', 'AssignCase', 'ReturnCase', 'ReassignCase', 'ContactRequester', 'WithdrawCase'],
    true,
  ],
  ['signed for', stories.signedFor, '2026-09-30T10:31', [...HANDLING, 'TakeCase', 'AssignCase', 'RequestExtension'], true],
  ['taken by a specialist', stories.taken, '2026-09-30T10:41', [...HANDLING, 'RequestExtension'], true],
  [
    'paused',
    stories.paused,
    '2026-10-08T10:01',
    [...OPEN, 'CorrectPause', 'ContactRequester', 'ResumeClock', 'ReplyInPause', 'RequestExtension', 'WithdrawCase'],
    true,
  ],
  [
    'waiting for an extension',
    stories.signedFor.step('RequestExtension', who.department, '2026-09-30T10:31'),
    '2026-09-30T10:32',
    [...HANDLING, 'TakeCase', 'AssignCase', 'GrantExtension', 'RefuseExtension'],
    true,
  ],
  ['submitted', stories.submitted, '2026-10-12T10:01', SUBMITTED, true],
  ['result accepted', stories.resultAccepted, '2026-10-12T11:01', [...JUDGED, 'RecordCallback', 'RateCase', 'ReopenCase'], true],
  [
    'called back',
    stories.calledBack,
    '2026-10-12T14:01',
    [...CALLED, 'RecordCallback', 'RateCase', 'CloseCase', 'ReopenCase'],
    true,
  ],
  ['closed', stories.closed, '2026-10-12T15:01', [...CALLED, 'RateCase', 'ReopenCase', 'ArchiveCase'], true],
  ['closed and rated', stories.rated, '2026-10-12T16:01', [...CALLED, 'ReopenCase', 'ArchiveCase'], true],
  ['withdrawn', stories.withdrawn, '2026-10-09T10:01', [...ACCEPTED, 'ArchiveCase'], true],
  ['answered late', late, '2026-10-14T10:01', [...SUBMITTED, 'ExcuseBreach'], true],
  ['answered late and excused', excused, '2026-10-14T11:01', [...SUBMITTED, 'WithdrawExcuse'], true],
  ['open again', stories.reopened, '2026-10-13T10:01', [...OPEN, 'AnswerDirectly', 'DispatchCase', 'WithdrawCase'], true],
  [
    'given back',
    stories.signedFor.step('ReturnCase', who.department, '2026-09-30T10:40'),
    '2026-09-30T10:41',
    [...OPEN, 'AnswerDirectly', 'RefuseReturn', 'DispatchCase', 'WithdrawCase'],
    true,
  ],
  [
    'waiting for materials',
    stories.contacted.step('RequestSupplement', who.specialist, '2026-09-30T11:10'),
    '2026-09-30T11:11',
    [
      ...OPEN,
      'CorrectPause',
      'ContactRequester',
      'ResumeClock',
      'ReplyInPause',
      'ReceiveSupplement',
      'RequestExtension',
      'WithdrawCase',
    ],
    true,
  ],
  [
    'accepted with materials to come',
    stories.registered.step(
      command('AcceptCase', { deferred: { materials: sealed('materials'), until: '2026-10-20' } }),
      who.window,
      '2026-09-30T10:00',
    ),
    '2026-09-30T10:01',
    [...OPEN, 'ReceiveDeferredMaterials', 'AnswerDirectly', 'DispatchCase', 'WithdrawCase'],
    true,
  ],
  [
    'asking for a pause and proposing a result',
    stories.taken
      .step(command('PauseClock', { reasonCode: 'THIRD_PARTY' }), who.specialist, '2026-09-30T10:50', strict)
      .step('SubmitResult', who.specialist, '2026-09-30T10:51', strict),
    '2026-09-30T10:52',
    [...HANDLING, 'RequestExtension', 'ApprovePause', 'RefusePause', 'ApproveResult', 'SendBackProposal'],
    true,
  ],
  [
    'under supervision',
    stories.submitted.step('SuperviseCase', who.supervisor, '2026-10-12T10:01'),
    '2026-10-12T10:02',
    [...SUBMITTED.filter((step) => step !== 'SuperviseCase'), 'WorkOffSupervision', 'CloseSupervision'],
    true,
  ],
  [
    'waiting for an opinion',
    stories.accepted
      .step('DispatchCase', who.window, '2026-09-30T10:10', {
        time: timeUnder({ ...PLAIN_POLICY, opinion: { kind: 'workingDays', days: 1 } }),
      })
      .step('SignForCase', who.department, '2026-09-30T10:30'),
    '2026-09-30T10:31',
    [...HANDLING, 'GiveOpinion', 'TakeCase', 'AssignCase', 'RequestExtension'],
    true,
  ],
  ['badly rated', badlyRated, '2026-10-12T16:01', [...CALLED, 'ReopenCase', 'AppealRating', 'ArchiveCase'], true],
  ['to be put right', toPutRight, '2026-10-12T16:01', [...CALLED, 'ReopenCase', 'AppealRating', 'SubmitRectification'], true],
  [
    'appealed',
    appealed,
    '2026-10-12T16:11',
    [...CALLED, 'ReopenCase', 'SubmitRectification', 'UpholdAppeal', 'DismissAppeal'],
    true,
  ],
  ['put right', putRight, '2026-10-12T16:11', [...CALLED, 'ReopenCase', 'CallBackRectification'], true],
  ['archived', stories.rated.step('ArchiveCase', who.window, '2026-10-12T17:00'), '2026-10-12T17:01', [], true],
];

/** A command whose data is right for the story, where that depends on it. */
function rightCommand(step: Step, { state }: Story): CaseCommand {
  if (step === 'RecordRatingReceipt' && state?.ratings[0]) return command(step, { ratingId: state.ratings[0].ratingId });
  const pause = state?.clocks.flatMap(({ pauses }) => pauses)[0];
  if (step === 'CorrectPause' && pause?.cause !== undefined) return command(step, { pauseId: pause.cause });
  if (step !== 'RecordLatePause' || !state || state.acceptedAt === null) return command(step);
  const [from, to] = [state.acceptedAt, state.acceptedAt + 30_000].map((instant) => new Date(instant).toISOString());
  return command(step, { from: from!, to: to! });
}

/** The time of a late fact lies between the steps around it. */
const rightTime = (step: Step, { state }: Story, now: string): string | number =>
  step === 'CorrectStepTime' && state && state.acceptedAt !== null ? state.acceptedAt + 30_000 : now;

const codeOf = (story: Story, step: Step, role: Role, now: string): string => {
  try {
    // An employer's steps are those of a case that it registered itself.
    const state =
      role === 'employer' && story.state ? { ...story.state, employerId: who.employer.caller.employerId } : story.state;
    caseDecider.decide(rightCommand(step, story), state, told(who[role], rightTime(step, story, now)));
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
  const legal = (step: Step) =>
    step === 'RecordRatingReceipt'
      ? noted && story.facts.ratings.length > 0
      : steps.includes(step) || (NOTED.includes(step) && noted);
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
