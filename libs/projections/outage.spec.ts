import { connect } from 'node:net';
import { StoreUnavailableError } from '@huicai/event-store';
import { Client } from 'pg';
import { FoldError, isOutage, isPoison } from './outage.js';
import { cutConnections, openDatabase } from './toy.fixture.js';

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('what counts as an outage', () => {
  let db: Awaited<ReturnType<typeof openDatabase>>;
  beforeAll(async () => {
    db = await openDatabase();
  });
  afterAll(() => db.close());

  it('a server that nobody answers for', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const client = new Client({ host, port: 1, user: 'x', database: 'x' });
      expect(isOutage(await failure(client.connect()))).toBe(true);
    }
    const refused = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve));
    expect(isOutage(refused)).toBe(true);
  });

  it('a connection that is cut while a query runs, and any use of it afterwards', async () => {
    const client = new Client({ connectionString: db.url });
    client.on('error', () => undefined);
    await client.connect();
    const running = failure(client.query('select pg_sleep(60)'));
    await cutConnections(db.url);
    expect(isOutage(await running)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOutage(await failure(client.query('select 1')))).toBe(true);
    await client.end();
  });

  it('a pool without a free connection', async () => {
    const error = new Error('timeout exceeded when trying to connect');
    expect(isOutage(error)).toBe(true);
  });

  it.each(['40001', '40P01', '53300', '57P01', '57P03', '25006'])('SQLSTATE %s', async (code) => {
    expect(isOutage(await failure(db.pool.query(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`)))).toBe(
      true,
    );
  });

  it('an event store that does not answer', () => {
    expect(isOutage(new StoreUnavailableError('gone'))).toBe(true);
  });
});

it.each([
  new FoldError('Connection terminated', Object.assign(new Error('x'), { code: '08006' })),
  Object.assign(new Error('out of range'), { code: '22003' }),
  Object.assign(new Error('twice'), { code: '23505' }),
  Object.assign(new Error('no such table'), { code: '42P01' }),
  Object.assign(new Error('bad argument'), { code: 'ERR_INVALID_ARG_TYPE' }),
  new TypeError('x is not a function'),
  undefined,
  'Connection terminated is what a string says',
])('no outage is %s', (error) => {
  expect(isOutage(error)).toBe(false);
});

const withCode = (code: string) => Object.assign(new Error('x'), { code });

it.each<[boolean, Error]>([
  ...['22003', '22P02', '23505', '23514', '54000'].map((code) => [true, withCode(code)] as [boolean, Error]),
  ...['08006', '40001', '42P01', '53100', '57P01', '21000', 'XX000', 'EPIPE'].map(
    (code) => [false, withCode(code)] as [boolean, Error],
  ),
  [true, new FoldError('a row lacks a column')],
  [true, new TypeError('Converting circular structure to JSON')],
  [false, new Error('Connection terminated unexpectedly')],
  [false, new StoreUnavailableError('gone')],
])('a row is at fault (%s): %s', (poison, error) => {
  expect(isPoison(error)).toBe(poison);
});
