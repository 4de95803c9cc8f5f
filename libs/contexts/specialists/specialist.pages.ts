import { notFound, streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { OFFICE_ZONE, officeDay } from '../calendar/facts.js';
import type { Found, Reads } from '../edge.js';
import { masking, refuseForeignTalent } from '../visibility.js';
import type { Leave } from './contract.js';
import { leaveOn, standInFor } from './facts.js';
import { assignmentOf } from './views/assignments.view.js';
import { listSpecialists, type SpecialistRow } from './views/specialists.view.js';

/** Specialists with who is absent today and who stands in. */
export async function specialistsPage(reads: Reads, departmentId: string | null): Promise<Found> {
  const rows = await listSpecialists(reads.db, departmentId);
  const on = officeDay(reads.now);
  return { body: { on, items: await Promise.all(rows.map((row) => entryOf(reads, row, rows, on))) } };
}

/** One specialist with the leaves that are not over. @throws Refusal `specialist-not-found` */
export async function specialistPage(reads: Reads, specialistId: string): Promise<Found> {
  // Deputies are of the same department, so those of others are never asked about.
  const rows = await listSpecialists(reads.db, null);
  const row = rows.find(({ specialist_id }) => specialist_id === specialistId);
  if (!row) throw notFound('specialist-not-found');
  const on = officeDay(reads.now);
  const { hours, leaves } = row.facts;
  return {
    revision: row.revision,
    body: {
      ...(await entryOf(reads, row, rows, on)),
      weekly: hours,
      leaves: leaves.filter(({ to }) => to >= on).map(leaveEntry),
      revision: row.revision,
    },
  };
}

async function entryOf(reads: Reads, row: SpecialistRow, all: readonly SpecialistRow[], on: string) {
  const { name } = await reads.open<{ name: string }>(
    { name: row.name },
    {
      expected: `${streamName('specialist', row.specialist_id)}/`,
      resource: `specialists/${row.specialist_id}`,
      present: masking(reads.caller.role === 'auditor' ? ['name'] : []),
    },
  );
  const { itemCodes, areas, capacity } = row.facts;
  const leave = leaveOn(row.facts, on);
  const find = (id: string) => all.find(({ specialist_id }) => specialist_id === id)?.facts;
  return {
    id: row.specialist_id,
    name,
    kind: row.kind,
    departmentId: row.department_id,
    itemCodes,
    areas,
    capacity,
    absentToday: leave !== undefined,
    leave: leave ? leaveEntry(leave) : null,
    standIn: leave ? standInFor(row.specialist_id, on, find) : null,
  };
}

const leaveEntry = ({ leaveId, from, to, deputyId }: Leave) => ({ id: leaveId, from, to, deputyId });

/** The primary specialist of a talent. @throws Refusal `talent-not-found`, `talent-without-specialist`, `not-yours` */
export async function primaryOf(reads: Reads, talentId: string): Promise<Found> {
  const exists = (await reads.directory.talent(talentId)) !== undefined;
  await refuseForeignTalent(reads, talentId, exists);
  if (!exists) throw notFound('talent-not-found');
  const row = await assignmentOf(reads.db, talentId);
  if (!row) throw notFound('talent-without-specialist');
  return {
    revision: row.revision,
    body: {
      talentId,
      specialistId: row.specialist_id,
      since: formatInstant(row.since.getTime(), OFFICE_ZONE),
      revision: row.revision,
    },
  };
}
