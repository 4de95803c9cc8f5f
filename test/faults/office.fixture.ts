import { fireTimer, type HuicaiSystem } from '@huicai/composition';
import { canonicalJson, newIdempotencyKey, streamName } from '@huicai/kernel';
import {
  activateCard,
  applyForCard,
  issueCard,
  reportCardLost,
  reviewCard,
  revokeCard,
} from '../../libs/contexts/cards/card.intake.js';
import { type CaseInput, type CaseStep, registerCase, stepCase } from '../../libs/contexts/cases/case.intake.js';
import { type CaseFacts, foldCase } from '../../libs/contexts/cases/facts.js';
import { dueTimerOf, nextMiss, unansweredTimerOf } from '../../libs/contexts/cases/views/sla-timers.view.js';
import type { Caller, CommandMeta } from '../../libs/contexts/gateway.js';
import { assignSpecialist, enrolSpecialist, handOverTalent } from '../../libs/contexts/specialists/specialist.intake.js';
import { correctTalent, registerTalent } from '../../libs/contexts/talents/talent.intake.js';
import type { SetClock } from './rig.fixture.js';

export const meta = (): CommandMeta => {
  const commandId = newIdempotencyKey();
  return { commandId, correlationId: commandId };
};

const window: Caller = { id: 'window-1', role: 'window' };
const supervisor: Caller = { id: 'supervisor-1', role: 'supervisor' };
const reason = { reason: '说明' };
const N = 'NORMAL' as const;

export type Who = 'window' | 'supervisor' | 'department' | 'specialist' | 'talent';
/**
 * A step by somebody; minutes that pass before the next one; `breach` records every due missed so far, `supervise` puts the case
 * under supervision for its last callback, `unanswered` closes it when missing materials are late, as timers and reactions do.
 */
export type Act = readonly [Who, CaseStep] | number | 'breach' | 'supervise' | 'unanswered';

export const accept: Act = ['window', { type: 'AcceptCase' }];
export const dispatch = (coDepartmentIds: string[] = []): Act => [
  'window',
  { type: 'DispatchCase', departmentId: null, coDepartmentIds },
];
export const sign: Act = ['department', { type: 'SignForCase' }];
export const take: Act = ['specialist', { type: 'TakeCase' }];
export const contact: Act = ['specialist', { type: 'ContactRequester', mode: 'PHONE' }];
export const submit: Act = ['specialist', { type: 'SubmitResult', outcome: 'SOLVED', reply: '已办结' }];
export const acceptResult: Act = ['window', { type: 'AcceptResult' }];
export const callback = (resolved: boolean, satisfaction: 1 | 2 | 3 | 4 | 5): Act => [
  'window',
  { type: 'RecordCallback', reachability: 'VALID', resolved, satisfaction, remark: null },
];
export const unreachable: Act = [
  'window',
  { type: 'RecordCallback', reachability: 'UNREACHABLE', resolved: null, satisfaction: null, remark: '无人接听' },
];
export const close: Act = ['window', { type: 'CloseCase' }];
export const reopen: Act = ['supervisor', { type: 'ReopenCase', reasonCode: 'NOT_RESOLVED', ...reason }];
export const withdraw: Act = ['talent', { type: 'WithdrawCase', reasonCode: 'NO_LONGER_NEEDED', ...reason }];
export const pause: Act = ['specialist', { type: 'PauseClock', reasonCode: 'THIRD_PARTY', ...reason }];
const pauseFor = (maxWorkingDays: number): Act => [
  'specialist',
  { type: 'PauseClock', reasonCode: 'AWAITING_MATERIALS', ...reason, maxWorkingDays },
];
const reply: Act = ['talent', { type: 'ReplyInPause', reply: '材料已补齐' }];
export const resume: Act = ['specialist', { type: 'ResumeClock' }];
export const sendBack: Act = ['window', { type: 'SendBackResult', reasonCode: 'WRONG_ANSWER', reason: null }];
export const excuse = (clockId: string): Act => [
  'supervisor',
  { type: 'ExcuseBreach', clockId, reasonCode: 'SYSTEM_OUTAGE', ...reason },
];
const unexcuse = (clockId: string): Act => [
  'supervisor',
  { type: 'WithdrawExcuse', clockId, reasonCode: 'NOT_JUSTIFIED', reason: null },
];
const askMore: Act = ['specialist', { type: 'RequestExtension', reasonCode: 'COMPLEX', ...reason, workingDays: 5 }];
const grant: Act = ['supervisor', { type: 'GrantExtension' }];
const refuse: Act = ['supervisor', { type: 'RefuseExtension', reasonCode: 'NOT_JUSTIFIED', reason: null }];
const giveBack: Act = [
  'department',
  { type: 'ReturnCase', reasonCode: 'NOT_OUR_DUTY', reason: null, proposedDepartmentId: 'rsj' },
];
const elsewhere: Act = ['window', { type: 'DispatchCase', departmentId: 'rsj', coDepartmentIds: [] }];

const notice = (until: string): Act => ['specialist', { type: 'RequestSupplement', materials: '户口簿', until, reason: '缺页' }];
const received: Act = ['window', { type: 'ReceiveSupplement', received: '户口簿一份' }];
const elsewhereAtOnce: Act = [
  'window',
  { type: 'ReassignCase', departmentId: 'rsj', coDepartmentIds: [], reasonCode: 'WRONG_DEPARTMENT', ...reason },
];
const stays: Act = ['window', { type: 'RefuseReturn', reasonCode: 'IS_YOUR_DUTY', reason: null }];
const words: readonly Act[] = [
  ['talent', { type: 'SendMessage', message: '请问进展' }],
  ['window', { type: 'TagCase', tag: 'visit' }],
  ['specialist', { type: 'TagCase', tag: 'media' }],
  ['supervisor', { type: 'UntagCase', tag: 'visit' }],
  ['window', { type: 'AddNote', note: '来电一次' }],
  ['specialist', { type: 'SendMessage', message: '正在办理' }],
  ['talent', { type: 'RemindCase' }],
];
const supervise: Act = ['supervisor', { type: 'SuperviseCase', reasonCode: 'COMPLAINT', ...reason }];
const workOff: Act = ['specialist', { type: 'WorkOffSupervision', report: '已处理' }];
const closeSupervision: Act = ['supervisor', { type: 'CloseSupervision', remark: null }];
const archive: Act = ['window', { type: 'ArchiveCase' }];

export const handled: readonly Act[] = [accept, dispatch(), sign, take, contact];
const answered = [...handled, 60, submit, acceptResult];
const DAY = 24 * 60;

/** Cases in every state there is. */
export const COURSES: readonly (readonly Act[])[] = [
  [],
  [['window', { type: 'DeclineCase', reasonCode: 'NOT_ELIGIBLE', ...reason }]],
  [accept],
  [accept, dispatch(['rsj', 'gaj'])],
  [accept, dispatch(), giveBack, 30, elsewhere],
  [accept, dispatch(), sign],
  [accept, dispatch(), sign, take],
  [accept, dispatch(), 300, sign, take, contact, 'breach'],
  [...handled, 60, pause],
  [...handled, 60, pauseFor(3), 60, reply],
  [...handled, 60, pause, 2 * DAY, resume, 30, submit],
  [...handled, askMore, refuse],
  [...handled, askMore],
  [...handled, 7 * DAY, askMore, 15 * DAY, 'breach', grant],
  [['window', { type: 'AnswerDirectly', reply: '可网上办理' }], archive],
  [...handled, giveBack, 60, stays, 30, elsewhereAtOnce],
  [...handled, notice('2026-10-31'), 60 * DAY, 'unanswered'],
  [...handled, notice('2027-03-31'), 60, received, 60, notice('2027-04-30')],
  [...handled, ...words, supervise, workOff, closeSupervision, 30, submit, acceptResult, callback(true, 5), close, archive],
  [...handled, 60, submit, 120, sendBack, 60, submit, acceptResult],
  [...answered, callback(true, 5), close, ['talent', { type: 'RateCase', satisfaction: 4, comment: '很好' }]],
  [...answered, callback(false, 2), 'supervise', reopen, ...handled.slice(1), 30, submit],
  [...answered, unreachable, close],
  [...handled, 30 * DAY, 'breach', submit, acceptResult],
  [...handled, 30, withdraw],
  [...handled, 30 * DAY, 'breach', submit, acceptResult, excuse('total/1/1'), excuse('handling/1/1'), unexcuse('total/1/1')],
  [...handled, 30 * DAY, 'breach', submit, acceptResult, callback(false, 2), reopen, ...handled.slice(1), excuse('total/1/1')],
];

export interface Office {
  readonly system: HuicaiSystem;
  readonly clock: SetClock;
  readonly talentIds: readonly string[];
  readonly specialistId: string;
}

/**
 * Three talents with cards of several fates, and specialists of the departments that the item 03 is routed to.
 *
 * @param series tells the people of several offices on one vault apart
 */
export async function openOffice(system: HuicaiSystem, clock: SetClock, series = 0): Promise<Office> {
  const talentIds: string[] = [];
  for (const i of [0, 1, 2]) {
    const input = {
      name: `测试${i}`,
      documentType: 'PASSPORT' as const,
      documentNumber: `E1000${series}00${i}`,
      phone: `1390000000${i}`,
      category: 'M' as const,
      engagement: 'FLEXIBLE' as const,
      employer: '示例企业',
    };
    const { stream } = await registerTalent(system, window, meta(), input);
    talentIds.push(stream.slice('talent-'.length));
    clock.pass(1);
  }
  const specialistIds = [];
  for (const departmentId of ['ybj', 'rsj']) {
    const { stream } = await enrolSpecialist(system, window, meta(), { name: '专员', kind: 'ITEM', departmentId });
    specialistIds.push(stream.slice('specialist-'.length));
  }
  await correctTalent(system, window, meta(), talentIds[0]!, { changes: { phone: '13911111111' }, reason: '改号' });
  for (const talentId of talentIds) await assignSpecialist(system, window, meta(), { talentId, specialistId: specialistIds[0]! });
  await handOverTalent(system, window, meta(), { talentId: talentIds[1]!, toSpecialistId: specialistIds[1]!, reason: '调岗' });
  await giveCards(system, clock, talentIds);
  return { system, clock, talentIds, specialistId: specialistIds[0]! };
}

async function giveCards(system: HuicaiSystem, clock: SetClock, [first, second, third]: readonly string[]): Promise<void> {
  const call = (caller: Caller, talentId: string) => ({ gateway: system, caller, meta: meta(), talentId });
  const cardType = 'YIMENG_HUICAI' as const;
  const idOf = (result: { events: readonly { data: object }[] }) => (result.events[0]!.data as { cardId: string }).cardId;
  const direct = idOf(await issueCard(call(window, first!), { cardType }));
  clock.pass(5);
  await activateCard(call(window, first!), direct);
  await reportCardLost(call(window, first!), direct);
  await revokeCard(call(supervisor, first!), direct, { reason: '遗失', legalBasis: '办法第五条' });
  const applied = idOf(await applyForCard(call(window, second!), cardType));
  await reviewCard(call(supervisor, second!), applied, { decision: 'APPROVED', reason: null });
  await issueCard(call(window, second!), { applicationId: applied, cardType });
  const rejected = idOf(await applyForCard(call(window, third!), 'SHANDONG_HUICAI'));
  await reviewCard(call(supervisor, third!), rejected, { decision: 'REJECTED', reason: '材料不全' });
}

/** Registers a case and takes it through its course; gives its id and the position of its last event. */
export async function takeThrough(office: Office, course: readonly Act[], input: Partial<CaseInput> = {}) {
  const { system, clock, talentIds, specialistId } = office;
  const talentId = input.talentId ?? talentIds[0]!;
  const whole: CaseInput = {
    talentId,
    itemCode: '03',
    channelId: 'window',
    urgency: N,
    matter: '医保转移',
    concerns: [{ relation: 'CHILD', name: '小明' }],
    ...input,
  };
  const registered = await registerCase(system, window, meta(), whole);
  const caseId = registered.stream.slice('case-'.length);
  const { subjects } = registered.events[0]!.data as { subjects: CaseFacts['subjects'] };
  let position = registered.position!;
  const callers: Record<Who, Caller> = {
    window,
    supervisor,
    department: { id: 'department-1', role: 'department', departmentId: 'ybj' },
    specialist: { id: 'specialist-1', role: 'specialist', specialistId },
    talent: { id: 'talent-1', role: 'talent', talentId },
  };
  for (const act of course) {
    clock.pass(typeof act === 'number' ? act : 2);
    if (typeof act === 'number') continue;
    if (act === 'breach') await recordBreaches(system, clock, caseId);
    else if (act === 'supervise') await raiseSupervision(system, caseId);
    else if (act === 'unanswered') await closeUnanswered(system, caseId);
    else position = (await stepCase(system, callers[act[0]], meta(), { caseId, subjects }, act[1])).position ?? position;
  }
  return { caseId, position };
}

async function recordBreaches(system: HuicaiSystem, clock: SetClock, caseId: string): Promise<void> {
  for (;;) {
    const [facts, time] = await Promise.all([factsOf(system, caseId), system.facts.time()]);
    const miss = nextMiss(facts, time);
    if (!miss || miss.due >= clock.now()) return;
    await fireTimer(system, dueTimerOf(facts, miss.clockId, miss.due));
  }
}

async function closeUnanswered(system: HuicaiSystem, caseId: string): Promise<void> {
  const [timer] = unansweredTimerOf(await factsOf(system, caseId));
  if (timer) await fireTimer(system, timer);
}

async function raiseSupervision(system: HuicaiSystem, caseId: string): Promise<void> {
  const { cycle } = await factsOf(system, caseId);
  const { commandId, correlationId } = meta();
  await system.send({
    aggregate: 'case',
    id: caseId,
    command: { type: 'RaiseSupervision', data: { cycle } },
    caller: { id: 'reaction', role: 'system' },
    context: { commandId, commandHash: await system.vault.commandHash(canonicalJson({ cycle }), null), correlationId },
  });
}

export const factsOf = async (system: HuicaiSystem, caseId: string): Promise<CaseFacts> =>
  (await system.facts.fold<CaseFacts | null>(streamName('case', caseId), null, foldCase as never))!;
