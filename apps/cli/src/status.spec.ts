import type { ProjectionStatus, SystemStatus } from '@huicai/composition';
import { statusPage } from './status.js';

const at = new Date('2026-10-12T01:00:00.000Z');
const talents: ProjectionStatus = {
  name: 'talents',
  version: 1,
  schema: 'read_talents_v1',
  candidate: null,
  previous: null,
  position: '4711',
  asOf: at,
  lagSeconds: 0.4,
  level: true,
  eventsPerSecond: 2.25,
  failed: null,
  parked: 0,
  deadLetters: 0,
};
const reaction = {
  name: 'do-this-on-that',
  position: '4711',
  stopped: null,
  updatedAt: at,
  retrying: 0,
  waiting: 0,
  parked: 0,
  skipped: 0,
  oldestAt: null,
};
const status: SystemStatus = {
  leader: { name: 'host:42', since: at, heartbeat: at, leads: true },
  projections: [talents],
  reactions: [reaction],
  timers: { open: 7, due: 0, oldestDue: null, failing: 0, failures: [], lagSeconds: 0 },
};

const lines = (more: Partial<SystemStatus> = {}, held = false) => statusPage({ ...status, ...more }, held).split('\n');
const line = (more: Partial<ProjectionStatus>) => lines({ projections: [{ ...talents, ...more }] })[2]!;

it('is short when all is well', () => {
  expect(lines()).toEqual([
    'host:42 leads since 2026-10-12T01:00:00.000Z',
    '',
    `${'talents v1'.padEnd(28)} at 4711         level  2.3 events/s`,
    '',
    'reaction do-this-on-that: follows',
    'timers: 7 open',
  ]);
});

it('tells of a projection what is not well', () => {
  expect(line({ failed: 'it broke', level: false })).toContain('STOPPED: it broke');
  expect(line({ level: false, lagSeconds: 3_600.2, eventsPerSecond: null })).toMatch(/ 3600 s behind$/);
  expect(line({ level: false, lagSeconds: null, position: null })).toMatch(/at the start +filling/);
  expect(line({ parked: 1, deadLetters: 2 })).toMatch(/, 1 parked, 2 dead letters$/);
  expect(line({ candidate: 'read_talents_v1_2' })).toMatch(/ beside it read_talents_v1_2$/);
});

it('tells who leads, what reactions and timers wait for, and why', () => {
  expect(lines({ leader: null })[0]).toBe('no worker has ever led');
  expect(lines({ leader: { ...status.leader!, leads: false } })[0]).toBe(
    'nobody leads; host:42 did until 2026-10-12T01:00:00.000Z',
  );
  expect(lines({ reactions: [{ ...reaction, stopped: 'it broke', parked: 3 }] })[4]).toBe(
    'reaction do-this-on-that: STOPPED: it broke, 3 parked',
  );
  const timers = { ...status.timers, due: 2, oldestDue: at, lagSeconds: 3.25, failing: 1 };
  expect(lines({ timers })[5]).toBe('timers: 7 open, 2 due, 1 failing, the oldest 3.3 s past due');
  expect(lines({}, true).at(-1)).toMatch(/^timers wait: /);
});
