import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { type AnyProjection, fillBeside, LiveProjection, type RebuildParts, readGenerations, registerLive } from './index.js';
import { eventAt, openDatabase, STORE_ID, start, TYPES, tickets, upcasters } from './toy.fixture.js';

/** What every test that imports this has of its own: an event store, a database, and what a rebuild needs of them. */
export let events: TestEventStore;
export let db: Awaited<ReturnType<typeof openDatabase>>;
export let parts: RebuildParts;
beforeEach(async () => {
  [events, db] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), openDatabase()]);
  parts = {
    pool: db.pool,
    store: events.store,
    storeId: STORE_ID,
    eventAt: eventAt(events.store),
    upcasters,
    aggregates: new Set(['ticket']),
    reference: async () => undefined,
  };
});
afterEach(async () => {
  await events.close();
  await db.close();
});

/** A projection that a worker shows and has brought to the end of the log. */
export async function shown(definition: AnyProjection = tickets()): Promise<LiveProjection> {
  const p = new LiveProjection(definition, TYPES);
  await p.open(db.pool, STORE_ID, parts.eventAt);
  await registerLive(db.pool, p.name, p.schema);
  await follow(p);
  return p;
}

/** Brings projections to the end of the log. */
export async function follow(...projections: LiveProjection[]): Promise<void> {
  let head = -1n;
  for await (const event of events.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
  const run = start(events.store, db.writePool, projections);
  await run.reached(head);
  await run.stop();
}

export const fill = (definition: AnyProjection = tickets(), more: Parameters<typeof fillBeside>[3] = {}) =>
  fillBeside(parts, definition, TYPES, more);
export const now = async () => (await readGenerations(db.pool)).get('tickets')!;
