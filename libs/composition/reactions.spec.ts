import type { StoredEvent } from '@huicai/event-store';
import { streamName, systemCommandId } from '@huicai/kernel';
import { listFailures, reactionStatus } from '@huicai/reactions';
import {
  acceptResult,
  callback,
  close,
  contact,
  factsOf,
  handled,
  type Office,
  openOffice,
  reopen,
  submit,
  takeThrough,
  unreachable,
} from '../../test/faults/office.fixture.js';
import { Rig, type RunningWorker } from '../../test/faults/rig.fixture.js';
import { all } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { superviseCaseOnDissatisfiedCallback as supervision } from '../contexts/cases/reactions/supervise-case-on-dissatisfied-callback.js';
import { allReactions } from './flows.js';
import { registerAllReactions } from './reactions.js';
import type { HuicaiSystem } from './system.js';

jest.setTimeout(90_000);

const answered = [...handled, 60, submit, acceptResult];

let rig: Rig;
let system: HuicaiSystem;
let office: Office;
beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open();
  await registerAllReactions(system);
  office = await openOffice(system, rig.clock);
});
afterEach(() => rig.stopWorkers());
afterAll(() => rig?.close());

async function leading(more = {}): Promise<RunningWorker> {
  const worker = rig.work(system, more);
  await until('the lead', () => worker.lines.some((line) => line.startsWith('leading')));
  return worker;
}

const eventsOf = (caseId: string): Promise<StoredEvent[]> => all(system.store.readStream(streamName('case', caseId)));
const raisedIn = async (caseId: string) => (await eventsOf(caseId)).filter(({ type }) => type === 'SupervisionRaised');
const metadataOf = ({ metadata }: StoredEvent) => metadata as Record<string, unknown>;

/** The reaction has gone past everything that is in the log now. */
async function level(): Promise<void> {
  const { caseId } = await takeThrough(office, [...answered, callback(false, 1)]);
  await until('the reaction to be level', async () => (await raisedIn(caseId)).length > 0);
}

it('a dissatisfied callback puts the case under supervision, once, with the callback as its cause', async () => {
  await leading();
  const { caseId } = await takeThrough(office, [...answered, callback(false, 2), callback(true, 1), close]);
  await until('the supervision', async () => (await raisedIn(caseId)).length > 0);
  await level();
  const events = await eventsOf(caseId);
  const [raised, ...more] = events.filter(({ type }) => type === 'SupervisionRaised');
  const said = events.find(({ type }) => type === 'CallbackRecorded')!;
  expect(more).toEqual([]);
  expect(raised!.data).toEqual({ cause: 'DISSATISFIED', cycle: 1, departmentId: 'ybj' });
  expect(metadataOf(raised!)).toMatchObject({
    $causationId: said.id,
    $correlationId: metadataOf(said).$correlationId,
    commandId: systemCommandId('reaction', supervision.name, said.id, 0),
    actor: { id: 'reaction', role: 'system' },
  });
  expect((await factsOf(system, caseId)).supervisions).toMatchObject([{ cycle: 1, cause: 'DISSATISFIED' }]);
  await until('the case’s view', async () => {
    const { rows } = await system.pool.query("select facts -> 'supervisions' as is from read.case_detail where case_id = $1", [
      caseId,
    ]);
    return rows[0]?.is?.length === 1;
  });
});

it('one who is content, or was not reached, is left in peace', async () => {
  await leading();
  const content = await takeThrough(office, [...answered, callback(true, 5), close]);
  const unreached = await takeThrough(office, [...answered, unreachable, close]);
  await level();
  expect([...(await raisedIn(content.caseId)), ...(await raisedIn(unreached.caseId))]).toEqual([]);
});

it('what was said while no worker was there is acted on afterwards, for the cycle it was said of', async () => {
  const course = [
    ...answered,
    callback(false, 1),
    reopen,
    ...handled.slice(1, -1),
    contact,
    30,
    submit,
    acceptResult,
    callback(true, 2),
  ];
  const { caseId } = await takeThrough(office, course);
  await leading();
  const raised = await until('both', async () => {
    const found = await raisedIn(caseId);
    return found.length > 1 && found;
  });
  expect(raised.map(({ data }) => data)).toEqual([
    { cause: 'DISSATISFIED', cycle: 1, departmentId: 'ybj' },
    { cause: 'STILL_DISSATISFIED', cycle: 2, departmentId: 'ybj' },
  ]);
});

it('nothing is done while a reference year is played', async () => {
  let held = true;
  let asked = 0;
  await leading({
    timersHeld: async () => {
      asked++;
      return held;
    },
  });
  const { caseId } = await takeThrough(office, [...answered, callback(false, 1)]);
  const from = asked;
  await until('some looks', () => asked > from + 10);
  expect(await raisedIn(caseId)).toEqual([]);
  held = false;
  await until('the supervision', async () => (await raisedIn(caseId)).length === 1);
});

it('two workers raise it once, whoever leads', async () => {
  const other = await rig.open();
  const workers = [rig.work(system), rig.work(other)];
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push((await takeThrough(office, [...answered, callback(false, 1)])).caseId);
  await until('a leader', () => workers.some(({ lines }) => lines.some((line) => line.startsWith('leading'))));
  const leader = workers.findIndex(({ lines }) => lines.some((line) => line.startsWith('leading')));
  await workers[leader]!.stop();
  for (let i = 0; i < 3; i++) ids.push((await takeThrough(office, [...answered, callback(false, 1)])).caseId);
  await until('all of them', async () => (await Promise.all(ids.map(raisedIn))).every((raised) => raised.length > 0));
  expect((await Promise.all(ids.map(raisedIn))).map((raised) => raised.length)).toEqual(ids.map(() => 1));
});

it('leaves no failure behind', async () => {
  expect(await listFailures(system.pool, { skipped: true })).toEqual([]);
  const clean = { stopped: null, retrying: 0, parked: 0 };
  const names = [...allReactions.keys()].map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1));
  expect(await reactionStatus(system.pool)).toMatchObject(names.map((name) => ({ name, ...clean })));
});
