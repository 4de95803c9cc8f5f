import { canonicalJson, streamName, systemCommandId } from '@huicai/kernel';
import { registerAllReactions } from '../../libs/composition/reactions.js';
import type { HuicaiSystem } from '../../libs/composition/system.js';
import { stepCase } from '../../libs/contexts/cases/case.intake.js';
import type { Caller } from '../../libs/contexts/gateway.js';
import { startHandOver } from '../../libs/contexts/specialists/hand-over.intake.js';
import { handEverythingOver } from '../../libs/contexts/specialists/reactions/hand-everything-over-when-hand-over-starts.js';
import { assignSpecialist, enrolSpecialist } from '../../libs/contexts/specialists/specialist.intake.js';
import { findHandOver } from '../../libs/contexts/specialists/views/hand-overs.view.js';
import { all } from '../support/event-store.js';
import { until } from '../support/until.js';
import { accept, dispatch, meta, type Office, openOffice, sign, takeThrough } from './office.fixture.js';
import { Rig } from './rig.fixture.js';

jest.setTimeout(90_000);

const supervisor: Caller = { id: 'supervisor-1', role: 'supervisor' };
let rig: Rig;
let system: HuicaiSystem;
let office: Office;

beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open();
  await registerAllReactions(system);
  office = await openOffice(system, rig.clock);
});
afterAll(() => rig?.close());

const enrolled = async (name: string) => {
  const { stream } = await enrolSpecialist(system, supervisor, meta(), { name, kind: 'ITEM', departmentId: 'ybj' });
  return stream.slice('specialist-'.length);
};
const eventsOf = async (stream: string, type: string) =>
  (await all(system.store.readStream(stream))).filter((event) => event.type === type);

it('a hand-over whose worker is killed midway is finished by the next, each row once', async () => {
  const first = rig.work(system);
  const [from, to] = [await enrolled('李专员'), await enrolled('王专员')];
  const caller: Caller = { id: 'user-li', role: 'specialist', specialistId: from };
  const cases: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { caseId } = await takeThrough(office, [accept, dispatch(), sign]);
    await stepCase(
      system,
      caller,
      meta(),
      { caseId, subjects: [{ subjectId: office.talentIds[0]!, relation: 'SELF', name: null }] },
      {
        type: 'TakeCase',
      },
    );
    cases.push(caseId);
  }
  const talentId = office.talentIds.at(-1)!;
  if ((await eventsOf(streamName('specialistAssignment', talentId), 'PrimarySpecialistAssigned')).length === 0)
    await assignSpecialist(system, supervisor, meta(), { talentId, specialistId: from });
  await system.inTurn(['service_queue', 'specialist_assignments'], async () => undefined);
  await first.stop();

  const { stream, events } = await startHandOver(system, supervisor, meta(), from, { toSpecialistId: to, note: '轮岗' });
  const handOverId = stream.slice('handOver-'.length);
  expect(new Set((events[0]!.data as { caseIds: string[] }).caseIds)).toEqual(new Set(cases));

  // What a worker had done when it was killed: some of the commands, but not the note that the event is dealt with.
  const started = events[0] as never as Parameters<typeof handEverythingOver.react>[0];
  const commands = handEverythingOver.react({ ...started, stream } as never, undefined);
  for (const [index, { aggregate, id, command }] of commands.slice(0, 4).entries())
    await system.send({
      aggregate: aggregate as 'case',
      id,
      command: command as never,
      caller: { id: 'reaction', role: 'system' },
      context: {
        commandId: systemCommandId('reaction', handEverythingOver.name, events[0]!.id, index),
        commandHash: await system.vault.commandHash(canonicalJson(command.data), null),
        correlationId: handOverId,
      },
    });

  const second = rig.work(system);
  const done = await until('the hand-over to be complete', async () => {
    const found = await findHandOver(system.pool, handOverId).catch(() => undefined);
    return found?.head.completedAt ? found : undefined;
  });
  await second.stop();
  expect(done.rows.every(({ handed_over_at }) => handed_over_at !== null)).toBe(true);
  for (const caseId of cases) {
    const moved = await eventsOf(streamName('case', caseId), 'CaseHandedOver');
    expect(moved.map(({ data }) => data)).toEqual([{ fromSpecialistId: from, toSpecialistId: to, handOverId }]);
  }
  expect(await eventsOf(stream, 'HandOverCompleted')).toHaveLength(1);
});
