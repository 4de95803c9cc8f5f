import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js';
import fc from 'fast-check';
import { all, createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { splitConnectionString } from './connection-string.js';
import { type ConnectionState, ConnectionStringError, connectEventStore, type NewEvent, StoreRefusedError } from './index.js';
import { startFaultyServer } from './testing/faulty-server.js';

const one = (): NewEvent => ({ id: randomUUID(), type: 'Counted', data: {}, metadata: {} });

/** All that a value shows of itself when somebody prints it. */
const shown = (value: unknown) => inspect(value, { depth: 12, showHidden: true });

describe('a connection string', () => {
  const parsed = (text: string) => {
    const { defaultCredentials, ...rest } = parseConnectionString(text);
    return { credentials: defaultCredentials, rest };
  };

  it.each([
    'esdb://127.0.0.1:2113?tls=false',
    'esdb://user:pass@a,b,c?tls=true&tlsCAFile=/etc/ca.crt',
    'esdb+discover://user:pass@cluster.example.cn:2113?nodePreference=follower&gossipTimeout=3',
    'esdb://%E6%83%A0:p%40s%3As%2F%3F%23%25@a:1,b:2/?keepAliveInterval=20000&connectionName=huicai',
    '  esdb://user:pass@a  ',
  ])('means to the adapter what it means to the client: %s', (text) => {
    const { address, credentials } = splitConnectionString(text);
    expect(credentials).toEqual(parsed(text).credentials);
    expect(parsed(address)).toEqual({ credentials: undefined, rest: parsed(text).rest });
  });

  it('holds any name and password, when they are encoded', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(word, word, (username, password) => {
        const text = `esdb://${encodeURIComponent(username)}:${encodeURIComponent(password)}@a,b?tls=true`;
        expect(splitConnectionString(text).credentials).toEqual({ username, password });
        expect(parsed(text).credentials).toEqual({ username, password });
      }),
    );
  });

  it.each([
    ['a raw @ in the password, behind which the client would look for a host', 'esdb://user:s3cr@t@a'],
    ['a raw colon in the password, which the client would cut off there', 'esdb://user:s3c:ret@a'],
    ['a name without password, which the client would take for a host', 'esdb://s3cret@a'],
    ['an empty password', 'esdb://s3cret:@a'],
    ['an empty name', 'esdb://:s3cret@a'],
    ['a raw slash', 'esdb://user:s3c/ret@a'],
    ['a raw percent sign', 'esdb://user:s3c%ret@a'],
    ['nonsense', 'http://user:s3cret@a'],
    ['no host', 'esdb://user:s3cret@?tls=true'],
    ['a wrong option', 'esdb://user:s3cret@a?tls=perhaps'],
    ['a certificate that is not there', 'esdb://user:s3cret@a?tls=true&tlsCAFile=/nonexistent/ca.crt'],
  ])('is refused, without repeating it, for %s', (_, text) => {
    const refused = (() => {
      try {
        return connectEventStore(text);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(ConnectionStringError);
    expect(shown(refused)).not.toMatch(/s3c|user:/);
  });

  it('with an option the client does not know is used, and the client’s warning shows no secret', async () => {
    const warned = jest.spyOn(console, 'warn').mockReturnValue(undefined);
    const store = connectEventStore('esdb://user:s3cret@a?tls=false&colour=red');
    expect(warned).toHaveBeenCalled();
    expect(shown(warned.mock.calls)).toMatch(/colour/);
    expect(shown(warned.mock.calls)).not.toMatch(/s3cret|user/);
    warned.mockRestore();
    await store.close();
  });
});

it('the user of a plaintext connection is never sent', async () => {
  const server = await startFaultyServer({ read: (call) => call.end() });
  const store = connectEventStore(server.connectionString.replace('//', '//user:s3cret@'), { watchMs: 0 });
  await all(store.readAll());
  expect(server.reads.map(({ authorization }) => authorization)).toEqual([undefined]);
  await store.close();
  await server.close();
});

it('what a server says of a user is not repeated', async () => {
  const basic = Buffer.from('operator:s3cret%').toString('base64');
  const words = `login failed for operator with s3cret% (${basic}), sent as s3cret%25`;
  const server = await startFaultyServer({
    read: (call) => call.fail(13, words),
    append: (call) => call.fail(13, words),
  });
  const states: ConnectionState[] = [];
  const store = connectEventStore(server.connectionString.replace('//', '//operator:s3cret%25@'), {
    watchMs: 0,
    observer: { onConnection: (state) => void states.push(state) },
  });
  const told: unknown[] = [states, await store.append('s', 'no_stream', [one()])];
  for (const reading of [store.readAll(), store.readStream('s')]) told.push(await all(reading).catch((error: unknown) => error));
  const following = store.followAll({ signal: AbortSignal.timeout(50), onState: (state) => told.push(state) });
  told.push(await all(following));
  expect(shown(told)).toMatch(/login failed/);
  for (const secret of ['operator', 's3cret', basic]) expect(shown(told)).not.toContain(secret);
  await store.close();
  await server.close();
});

describe('a store with TLS', () => {
  const password = 'p@ss:w/rd?#%  惠才';
  let server: TestEventStore;
  beforeAll(async () => {
    server = await createTestEventStore({}, { tls: true, login: 'huicai', password });
  });
  afterAll(() => server?.close());

  const connect = (string: string, options = {}) => connectEventStore(string, { watchMs: 0, ...options });
  const as = (user: string) => server.connectionString.replace(/\/\/.*@/, `//${user}`);

  it.each([
    ['as it is given', (string: string) => string],
    ['of a cluster', (string: string) => string.replace('esdb:', 'esdb+discover:')],
    ['of several seeds', (string: string) => string.replace(/@([^?/]+)/, '@$1,$1')],
  ])('is appended to, read and followed: its connection string %s', async (name, changed) => {
    const store = connect(changed(server.connectionString));
    const stream = `secure-${name.length}`;
    expect(await store.append(stream, 'no_stream', [one()])).toMatchObject({ outcome: 'appended' });
    expect(await all(store.readStream(stream))).toHaveLength(1);
    for await (const found of store.followAll({ signal: new AbortController().signal })) if (found.stream === stream) break;
    expect(await store.readMetadata(stream)).toBeUndefined();
    await store.close();
  });

  it.each([
    ['a wrong password', 'huicai:s3cret@'],
    ['an unknown user', 'somebody:s3cret@'],
    ['no user, and does not invent one', ''],
  ])('refuses for good whoever comes with %s', async (_, user) => {
    const states: ConnectionState[] = [];
    let failures = 0;
    const store = connect(as(user), {
      observer: { onConnection: (state: ConnectionState) => states.push(state), onReadFailure: () => failures++ },
    });
    const refusals = await Promise.all(
      [
        store.append('secure-9', 'no_stream', [one()]),
        all(store.readStream('secure-9')),
        all(store.readAll()),
        store.readMetadata('secure-9'),
        all(store.followAll({ signal: new AbortController().signal })),
      ].map((call) => (call as Promise<unknown>).catch((error: unknown) => error)),
    );
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(StoreRefusedError);
      expect(refusal).toMatchObject({ reason: 'access-denied' });
    }
    expect(shown([refusals, states])).not.toMatch(/s3cret|somebody|huicai/);
    // It is there, it just does not want us.
    expect(states).toEqual([{ state: 'connected' }]);
    await store.close();
  });

  it('says that it can not be reached when its certificate is not trusted, and goes on trying', async () => {
    const states: ConnectionState[] = [];
    const store = connect(server.connectionString.replace(/&?tlsCAFile=[^&]*/, ''), { maxRetryMs: 20 });
    const following = store.followAll({ signal: new AbortController().signal });
    void all(following);
    await until('attempts', () => {
      const state = store.connection();
      states.push(state);
      return state.state === 'dropped' && state.attempts > 2;
    });
    expect(store.connection()).toMatchObject({ cause: expect.stringMatching(/certificate/) });
    expect(shown(states)).not.toContain('huicai:');
    await store.close();
  });

  it('is gone on with after it was away', async () => {
    const store = connect(server.connectionString, { maxRetryMs: 50 });
    const seen: string[] = [];
    const following = (async () => {
      for await (const { stream } of store.followAll({ signal: new AbortController().signal })) seen.push(stream);
    })();
    await store.append('secure-away', 'no_stream', [one()]);
    await server.stop();
    await until('the drop', () => store.connection().state === 'dropped');
    await server.start();
    await until('an append', async () => (await store.append('secure-back', 'no_stream', [one()])).outcome !== 'unknown');
    await until('the events', () => seen.includes('secure-back'));
    expect(seen.filter((stream) => stream === 'secure-away')).toHaveLength(1);
    await store.close();
    await following;
  });
});
