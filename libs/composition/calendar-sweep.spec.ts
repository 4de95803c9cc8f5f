import { newIdempotencyKey } from '@huicai/kernel';
import { Rig } from '../../test/faults/rig.fixture.js';
import { tellAll } from '../../test/faults/tell-all.fixture.js';
import { compareWithReplay } from '../../test/support/replay.js';
import { until } from '../../test/support/until.js';
import { publishCalendarVersion } from '../contexts/calendar/calendar.intake.js';
import { applyCalendarChange, undoCalendarChange } from '../contexts/calendar/changes/changes.intake.js';
import type { CalendarFacts } from '../contexts/calendar/facts.js';
import type { CommandSide } from '../contexts/edge.js';
import type { HuicaiSystem } from './system.js';

jest.setTimeout(120_000);

const CALENDAR = 'cn-lanshan';
const VIEWS = 3;

describe('rows after a change of the calendar', () => {
  let rig: Rig;
  let system: HuicaiSystem;
  afterAll(() => rig?.close());

  const side = (): CommandSide => {
    const commandId = newIdempotencyKey();
    const meta = { commandId, correlationId: commandId };
    return { gateway: system, caller: { id: 'supervisor-1', role: 'supervisor' }, meta, firstEvent: async () => undefined };
  };
  const calendar = (): Promise<CalendarFacts> => system.facts.calendar(CALENDAR);
  const same = async () => expect(await compareWithReplay(rig.databaseUrl, rig.events.connectionString, rig.kekFile)).toEqual([]);
  /** Sweeps that moved anything. */
  const derived = (lines: readonly string[]) =>
    lines.flatMap(
      (line) =>
        line
          .match(/^read_(\w+)_v\d+: rows were derived anew, ([1-9]\d*) of them moved/)
          ?.slice(1, 3)
          .join(' ') ?? [],
    );

  it('are those of a replay: applied, undone, and applied while no worker was there', async () => {
    rig = await Rig.start();
    system = await rig.open();
    await tellAll(system, rig.clock);
    let worker = rig.work(system, { timersHeld: async () => true });
    await same();
    const { versions } = await calendar();
    const days = versions
      .at(-1)!
      .exceptions.filter(({ date }) => date.startsWith('2026'))
      .map(({ date, kind, name }) => ({ date, isOffDay: kind === 'closed', ...(name === undefined ? {} : { name }) }));
    const more = ['2026-09-29', '2026-09-30', '2026-10-08', '2026-10-09'].map((date) => ({ date, isOffDay: true }));
    rig.clock.time = Date.parse('2026-09-28T12:30:00+08:00');
    await publishCalendarVersion(side(), CALENDAR, { days: [...days, ...more] });
    await applyCalendarChange(side(), CALENDAR, { mode: 'retroactive', to: versions.length + 1, reason: '通知' });
    const swept = await until('the sweep', () => derived(worker.lines).length === VIEWS && derived(worker.lines));
    expect(swept.map((line) => line.split(' ')[0]).sort()).toEqual(['service_queue', 'sla_cycles', 'sla_timers']);
    await same();
    await worker.stop();
    const { changes } = await calendar();
    await undoCalendarChange(side(), CALENDAR, changes!.at(-1)!.changeId, { reason: '撤回' });
    const fromDay = '2026-10-08';
    await applyCalendarChange(side(), CALENDAR, { mode: 'prospective', to: versions.length + 1, fromDay, reason: '通知' });
    worker = rig.work(system, { timersHeld: async () => true });
    await until('the sweep', () => derived(worker.lines).length === VIEWS);
    await same();
    await worker.stop();
    // What was swept is not swept again.
    worker = rig.work(system, { timersHeld: async () => true });
    await until('the lead', () => worker.lines.some((line) => line.startsWith('leading')));
    await same();
    expect(derived(worker.lines)).toEqual([]);
  });
});
