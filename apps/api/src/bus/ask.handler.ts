import { LEVEL_SECONDS } from '@huicai/composition';
import { type Answer, answer, etagOf, isStrict, minPositionOf, type RequestState } from '@huicai/http';
import { Refusal } from '@huicai/kernel';
import { type Freshness, freshnessOf, type Queryable, waitForPosition } from '@huicai/projections';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Ask } from '../../../../libs/contexts/edge.js';
import { Parts } from '../parts.js';
import { readsFor } from './reads.js';

/** The one way every question takes: as fresh as asked, answered for this caller, dated. */
@QueryHandler(Ask)
export class AskHandler implements IQueryHandler<Ask> {
  constructor(private readonly parts: Parts) {}

  async execute({ request, projections, find, only }: Ask): Promise<Answer> {
    const { pool } = this.parts.system;
    const isThere = await this.reached(request, projections);
    // Looked at before the rows: a row may be newer than told, never older.
    const known = await freshnessOfAll(pool, projections, only);
    const stale = !(isThere ?? this.isFresh(known));
    if (stale && isStrict(request)) throw notFreshEnough(isThere === undefined ? 'X-Consistency' : 'X-Min-Position');
    const headers = freshnessHeaders(known);
    const {
      body,
      revision,
      movesOn = false,
      type,
      filename,
    } = await find(readsFor(this.parts, request)).catch((error: unknown) => {
      // What is looked for may be missing only because the event that began it waits to be taken.
      const parked = known.some((each) => each.parked > 0 && only[each.projection] !== undefined);
      if (parked && error instanceof Refusal && error.kind === 'not-found') throw new Refusal('unavailable', 'partition-parked');
      throw error;
    });
    return answer(body, {
      movesOn,
      headers: {
        ...headers,
        ...(stale ? { 'x-stale': 'true' } : {}),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(filename === undefined ? {} : { 'content-disposition': `attachment; filename="${filename}"` }),
      },
      ...(revision === undefined ? {} : { etag: etagOf(revision) }),
    });
  }

  /** Whether all views have come to the position asked for; undefined when none was. */
  private async reached(request: RequestState, projections: readonly string[]): Promise<boolean | undefined> {
    const wanted = minPositionOf(request);
    if (wanted === undefined) return undefined;
    const { system, readWaitMs } = this.parts;
    const reached = await Promise.all(projections.map((each) => waitForPosition(system.pool, each, wanted, readWaitMs)));
    return reached.every(Boolean);
  }

  /** The worker says once a second how far it is, also when nothing happens: an old word is that of one who is dead or far behind. */
  private isFresh(known: Dated): boolean {
    const now = this.parts.system.clock.now();
    return known.every(({ asOf }) => asOf !== null && now - asOf.getTime() <= LEVEL_SECONDS * 1_000);
  }
}

const notFreshEnough = (field: string): Refusal => new Refusal('unavailable', 'not-fresh-enough', { field });

type Dated = readonly (Freshness & { readonly projection: string })[];

const freshnessOfAll = (db: Queryable, projections: readonly string[], only: Ask['only']): Promise<Dated> =>
  Promise.all(projections.map(async (projection) => ({ projection, ...(await freshnessOf(db, projection, only[projection])) })));

/** Of several views, the oldest dates the answer; where one can not be dated, neither can the answer. */
function freshnessHeaders(all: Dated): Record<string, string> {
  const asOf = least(all.map((each) => each.asOf?.getTime() ?? null));
  const position = least(all.map((each) => each.position));
  const failed = all.filter((each) => each.failed !== null).map(({ projection }) => projection);
  const parked = all.filter((each) => each.parked > 0);
  return {
    ...(asOf === null ? {} : { 'x-as-of': new Date(asOf).toISOString() }),
    ...(position === null ? {} : { 'x-as-of-position': position.toString() }),
    ...(failed.length === 0 ? {} : { 'x-projection-failed': failed.join(', ') }),
    ...(parked.length === 0
      ? {}
      : { 'x-parked': parked.map((each) => `${each.projection}; partitions=${each.parked}`).join(', ') }),
  };
}

/** Null as well of no values: an answer made of no view is not dated. */
function least<T extends bigint | number>(values: readonly (T | null)[]): T | null {
  if (values.length === 0) return null;
  return values.reduce((a, b) => (a === null || b === null ? null : b < a ? b : a));
}
