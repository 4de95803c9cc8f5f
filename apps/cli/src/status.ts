import { type ProjectionStatus, type SystemStatus, systemStatus } from '@huicai/composition';
import { connectEventStore } from '@huicai/event-store';
import { systemClock } from '@huicai/kernel';
import { createReadPool } from '@huicai/projections';
import { resolveConnections } from '@huicai/runtime';
import { seedInProgress } from '@huicai/seed';

/** Prints how views, reactions and timers stand and who leads, as a page or, with `json`, as one document. */
export async function statusCommand({ json = false }: { json?: boolean }): Promise<void> {
  const { databaseUrl, eventStoreUrl } = resolveConnections(process.env);
  const pool = createReadPool(databaseUrl, 4);
  const store = connectEventStore(eventStoreUrl);
  try {
    const timersHeld = await seedInProgress(store);
    const status = await systemStatus(pool, new Date(systemClock.now()));
    process.stdout.write(`${json ? JSON.stringify({ ...status, timersHeld }) : statusPage(status, timersHeld)}\n`);
  } finally {
    await Promise.allSettled([pool.end(), store.close()]);
  }
}

/** The status as text. @param held timers and reactions wait, because the reference year is being played */
export function statusPage({ leader, projections, reactions, timers }: SystemStatus, held: boolean): string {
  const lines = [
    !leader
      ? 'no worker has ever led'
      : leader.leads
        ? `${leader.name} leads since ${leader.since.toISOString()}`
        : `nobody leads; ${leader.name} did until ${leader.heartbeat.toISOString()}`,
    '',
    ...projections.map(projectionLine),
    '',
    ...reactions.map(
      ({ name, stopped, retrying, waiting, parked, skipped }) =>
        `reaction ${name}: ${stopped === null ? 'follows' : `STOPPED: ${stopped}`}${counted({ retrying, waiting, parked, skipped })}`,
    ),
    `timers: ${timers.open} open${counted({ due: timers.due, failing: timers.failing })}${timers.oldestDue ? `, the oldest ${seconds(timers.lagSeconds)} past due` : ''}`,
  ];
  if (held) lines.push('timers wait: the reference year was begun and is not complete (npm run cli -- seed goes on with it)');
  return lines.join('\n');
}

function projectionLine(status: ProjectionStatus): string {
  const { name, version, position, failed, level, lagSeconds, eventsPerSecond, parked, deadLetters, candidate } = status;
  const state =
    failed !== null ? `STOPPED: ${failed}` : level ? 'level' : lagSeconds === null ? 'filling' : `${seconds(lagSeconds)} behind`;
  const rate = eventsPerSecond === null ? '' : `  ${eventsPerSecond.toFixed(1)} events/s`;
  const beside = candidate === null ? '' : `  beside it ${candidate}`;
  const place = position === null ? 'the start' : position;
  return `${`${name} v${version}`.padEnd(28)} at ${place.padEnd(12)} ${state}${rate}${counted({ parked, 'dead letters': deadLetters })}${beside}`;
}

/** Counts that are not zero. */
const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `, ${count} ${what}`)
    .join('');

const seconds = (count: number): string => `${count < 10 ? count.toFixed(1) : Math.round(count)} s`;
