import type { RecordedEvent } from '@huicai/kernel';
import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { LiveProjection } from './live-projection.js';
import { RowsAhead } from './rows-ahead.js';
import { metadata, openDatabase, STORE_ID, TYPES, ticketRows, tickets } from './toy.fixture.js';
import { inTransaction } from './transaction.js';

jest.setTimeout(60_000);

/** Rows that are deleted and come back: a sale of none gives the ticket up. */
const definition = tickets({ afterwards: { gone: () => undefined } });

const sale = fc.record({ ticket: fc.constantFrom('a', 'b', 'c', 'd'), n: fc.integer({ min: -3, max: 3 }), gone: fc.boolean() });
/** How many events are folded before they are written, and how many partitions are kept then. */
const step = fc.record({ sales: fc.array(sale, { maxLength: 6 }), kept: fc.integer({ min: 0, max: 3 }) });

describe('rows folded ahead of what is written', () => {
  let db: Awaited<ReturnType<typeof openDatabase>>;
  beforeAll(async () => {
    db = await openDatabase();
  });
  afterAll(() => db?.close());

  let told = 0n;
  const eventOf = ({ ticket, n, gone }: { ticket: string; n: number; gone: boolean }): RecordedEvent => ({
    id: '0192aaaa-0000-7000-8000-00000000000a',
    stream: `ticket-${ticket}`,
    revision: told,
    position: told++,
    type: TYPES[0]!,
    data: gone ? { n, text: 'gone' } : { n },
    metadata,
  });

  it('are those that one event after the other makes, however few partitions are kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.boolean(), async (steps, goesOn) => {
        const [one, ahead] = ['read_tickets_v1', 'read_tickets_v1_2'].map(
          (schema) => new LiveProjection(definition, TYPES, schema),
        );
        await db.pool.query('drop schema if exists read_tickets_v1 cascade; drop schema if exists read_tickets_v1_2 cascade');
        await one!.create(db.pool, STORE_ID);
        await db.pool.query(ahead!.besideDdl(STORE_ID).join('; '));
        let rows = new RowsAhead(ahead!.target, true, steps[0]?.kept);
        for (const { sales, kept } of steps) {
          const events = sales.map(eventOf);
          for (const event of events)
            await inTransaction(db.pool, (client) => one!.fold(client, [event], undefined, { careful: true }));
          for (const event of events) await rows.fold(db.pool, [event], undefined);
          const write = rows.take(undefined);
          await inTransaction(db.pool, (client: PoolClient) => write(client));
          if (goesOn) rows = new RowsAhead(ahead!.target, false, kept);
        }
        expect(await ticketRows(db.pool, ahead!.schema)).toEqual(await ticketRows(db.pool, one!.schema));
      }),
      { numRuns: 60 },
    );
  });
});
