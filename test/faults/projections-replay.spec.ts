import { allProjections, type HuicaiSystem, ourAggregates, upcasters } from '@huicai/composition';
import { type RecordedEvent, recorded, splitStreamName } from '@huicai/kernel';
import { LiveProjection, Projector } from '@huicai/projections';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { BreakingPool } from '../support/breaking-pool.js';
import { dumpReadModels } from '../support/canonical-dump.js';
import { tellMissing } from '../support/event-fixtures.js';
import { until } from '../support/until.js';
import { Rig } from './rig.fixture.js';
import { tellAll } from './tell-all.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
jest.setTimeout(soak ? 600_000 : 120_000);

describe('every projection', () => {
  let rig: Rig;
  let system: HuicaiSystem;
  let log: RecordedEvent[];
  let head: bigint;
  let wanted: Map<string, string[]>;
  const pools: Pool[] = [];

  beforeAll(async () => {
    rig = await Rig.start();
    system = await rig.open();
    await tellAll(system, rig.clock);
    await tellMissing(system.store, new Set([...allProjections.values()].flat()));
    log = [];
    for await (const event of system.store.readAll()) {
      head = event.position;
      if (event.type.startsWith('$') || !ourAggregates.has(splitStreamName(event.stream).aggregate)) continue;
      log.push(recorded(event, upcasters));
    }
    const { pool } = await database();
    await project(pool);
    wanted = await dumpReadModels(pool);
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await rig?.close();
  });

  async function database(): Promise<BreakingPool> {
    const breaking = new BreakingPool(await rig.database());
    pools.push(breaking.pool);
    return breaking;
  }

  async function open(pool: Pool): Promise<LiveProjection[]> {
    const all = [...allProjections].map(([definition, types]) => new LiveProjection(definition, types));
    const eventAt = async (stream: string, revision: bigint) =>
      log.find((event) => event.stream === stream && event.revision === revision)?.id;
    for (const p of all) await p.open(pool, system.storeId, eventAt);
    return all;
  }

  /** Runs a projector to the end of the log, or until the signal aborts. */
  async function run(pool: Pool, projections: LiveProjection[], batchSize: number, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    let seen: bigint | undefined;
    const running = new Projector({
      pool,
      store: system.store,
      upcasters,
      aggregates: ourAggregates,
      projections,
      reference: () => system.facts.time(),
      log: () => undefined,
      batchSize,
      onProgress: (progress) => {
        seen = progress.seen;
      },
    }).run(AbortSignal.any([signal, ended.signal]));
    await until('the end of the log', () => signal.aborted || (seen !== undefined && seen >= head), 60_000);
    ended.abort();
    await running;
    expect(projections.map((p) => p.failed)).toEqual(projections.map(() => undefined));
  }

  const project = async (pool: Pool, batchSize = 500) => run(pool, await open(pool), batchSize, new AbortController().signal);

  it('is given every event it takes, and rows to keep', () => {
    const told = new Set(log.map((event) => event.type));
    const taken = new Set([...allProjections.values()].flat());
    expect([...taken].filter((type) => !told.has(type))).toEqual([]);
    expect([...wanted].filter(([, rows]) => rows.length === 0).map(([table]) => table)).toEqual([]);
    const kept = [...allProjections.keys()].filter(({ table }) => table.listed).length;
    expect(wanted.size).toBe(2 * allProjections.size + 2 * kept);
  });

  it.each(soak ? [1, 7, 60] : [7, 60])('has the same rows when the log comes in batches of %i', async (batchSize) => {
    const { pool } = await database();
    await project(pool, batchSize);
    expect(await dumpReadModels(pool)).toEqual(wanted);
  });

  it.each([false, true])(
    'has the same rows when its worker crashes at every statement in turn (already sent: %s)',
    async (sent) => {
      const breaking = await database();
      let crashes = 0;
      for (let n = 1; ; n++) {
        const projections = await open(breaking.pool);
        if (!(await breaking.whileBreakingAt(n, sent, (signal) => run(breaking.pool, projections, 500, signal)))) break;
        crashes = n;
      }
      // Begin, checkpoints, and two statements for every projection, one for one that only adds rows. The commit that was sent has
      // taken effect, so after it nothing is left to crash at.
      expect(crashes).toBeGreaterThanOrEqual(2 + 2 * allProjections.size - 1);
      expect(await dumpReadModels(breaking.pool)).toEqual(wanted);
    },
  );

  it('has the same rows when its worker crashes again and again, wherever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 90 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.boolean()), { minLength: 3, maxLength: 6 }),
        async (batchSize, crashes) => {
          const breaking = await database();
          for (const [n, sent] of crashes) {
            const projections = await open(breaking.pool);
            await breaking.whileBreakingAt(n, sent, (signal) => run(breaking.pool, projections, batchSize, signal));
          }
          await project(breaking.pool, batchSize);
          expect(await dumpReadModels(breaking.pool)).toEqual(wanted);
        },
      ),
      { numRuns: soak ? 100 : 3 },
    );
  });

  it('has the same rows when any beginning of the log is delivered twice', async () => {
    const { pool } = await database();
    const reference = await system.facts.time();
    let projections = await open(pool);
    const deliver = async (to: number) => {
      const batch = log.slice(0, to);
      const end = batch.at(-1)!;
      const client = await pool.connect();
      try {
        await client.query('begin');
        for (const p of projections) await p.apply(client, batch, end, reference);
        await client.query('commit');
        for (const p of projections) p.moved(end);
      } finally {
        client.release();
      }
    };
    // Always from the very start: everything up to the last delivery comes again.
    for (let to = 1; to < log.length; to += 23) {
      await deliver(to);
      await deliver(to);
      await deliver(Math.ceil(to / 2));
      projections = await open(pool);
      await deliver(to);
    }
    await deliver(log.length);
    expect(await dumpReadModels(pool)).toEqual(wanted);
  });

  it('has the same rows after it was emptied and filled again beside the others', async () => {
    const { pool } = await database();
    await project(pool);
    for (const p of (await open(pool)).slice(0, 4)) await p.create(pool, system.storeId);
    await project(pool);
    expect(await dumpReadModels(pool)).toEqual(wanted);
  });
});
