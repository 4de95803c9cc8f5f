import type { Queryable } from '@huicai/projections';
import { openCasesOf, type WorkInHand, workInHand } from '../contexts/reporting/views/workload.queries.js';
import { talentsOf } from '../contexts/specialists/views/assignments.view.js';
import { dutiesAsDeputy, listSpecialists } from '../contexts/specialists/views/specialists.view.js';

const UNDEFINED_TABLE = '42P01';

/** What rulebooks are told from read models: a moment old, so that it advises and does not bind. Nothing before a worker has made them. */
export class AdvisoryFacts {
  constructor(private readonly db: Queryable) {}

  /** Leaves, of whomever, in which a specialist stands in. */
  dutiesAsDeputy(specialistId: string): Promise<{ from: string; to: string }[]> {
    return orNothing(dutiesAsDeputy(this.db, specialistId));
  }

  /** Ids of the specialists of a department. */
  async specialistsOf(departmentId: string): Promise<string[]> {
    return (await orNothing(listSpecialists(this.db, departmentId))).map(({ specialist_id }) => specialist_id);
  }

  /** Open cases a specialist has, and talents whose primary specialist they are. */
  async inHandOf(specialistId: string): Promise<{ caseIds: string[]; talentIds: string[] }> {
    const [caseIds, talentIds] = await Promise.all([
      orNothing(openCasesOf(this.db, specialistId)),
      orNothing(talentsOf(this.db, specialistId)),
    ]);
    return { caseIds, talentIds };
  }

  /** @param now epoch milliseconds */
  workInHand(specialistIds: readonly string[], now: number): Promise<WorkInHand[]> {
    return orNothing(workInHand(this.db, specialistIds, new Date(now)));
  }
}

async function orNothing<T>(rows: Promise<T[]>): Promise<T[]> {
  try {
    return await rows;
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    return [];
  }
}
