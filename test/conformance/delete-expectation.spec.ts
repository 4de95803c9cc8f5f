import {
  ANY,
  type AppendExpectedRevision,
  NO_STREAM,
  type Position,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { type PreparedStream, prepare, type State } from './stream-states.js';
import { readAllOf, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const EXPECTATIONS = {
  any: () => ANY,
  no_stream: () => NO_STREAM,
  stream_exists: () => STREAM_EXISTS,
  'the last revision': (last) => BigInt(last),
  'an earlier revision': (last) => BigInt(last - 2),
  'a later revision': (last) => BigInt(last + 3),
} satisfies Record<string, (last: number) => AppendExpectedRevision>;
type Expectation = keyof typeof EXPECTATIONS;
/** How these are written in the error of a failed deletion. */
const NUMBERS: Record<string, bigint> = { any: -2n, no_stream: -1n, stream_exists: -4n };

/** Outcomes: OK done, V wrong version, D stream deleted. The client has no way to soft-delete expecting stream_exists. */
const SOFT: Record<State, Partial<Record<Expectation, string>>> = {
  'never existed': { any: 'V', no_stream: 'V', 'a later revision': 'V' },
  'only metadata': { any: 'OK', no_stream: 'OK', 'a later revision': 'V' },
  exists: { any: 'OK', no_stream: 'V', 'the last revision': 'OK', 'an earlier revision': 'V', 'a later revision': 'V' },
  'soft-deleted': { any: 'OK', no_stream: 'OK', 'the last revision': 'OK', 'an earlier revision': 'V', 'a later revision': 'V' },
  'soft-deleted with nothing but metadata': { any: 'OK', no_stream: 'OK', 'a later revision': 'V' },
  revived: { any: 'OK', no_stream: 'V', 'the last revision': 'OK', 'an earlier revision': 'V', 'a later revision': 'V' },
  tombstoned: { any: 'D', no_stream: 'D', 'the last revision': 'D', 'an earlier revision': 'D', 'a later revision': 'D' },
};
const HARD: typeof SOFT = {
  'never existed': { any: 'OK', no_stream: 'OK', stream_exists: 'V', 'a later revision': 'V' },
  'only metadata': { any: 'OK', no_stream: 'OK', stream_exists: 'OK', 'a later revision': 'V' },
  exists: { ...SOFT.exists, stream_exists: 'OK' },
  'soft-deleted': { ...SOFT['soft-deleted'], stream_exists: 'D' },
  'soft-deleted with nothing but metadata': { any: 'OK', no_stream: 'OK', stream_exists: 'D', 'a later revision': 'V' },
  revived: { ...SOFT.revived, stream_exists: 'OK' },
  tombstoned: { ...SOFT.tombstoned, stream_exists: 'D' },
};

const rowsOf = (table: typeof SOFT) =>
  Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).map(([expectation, outcome]) => [state as State, expectation as Expectation, outcome] as const),
  );

describe('soft delete', () => {
  test.each(rowsOf(SOFT))('of a stream %s, expecting %s: %s', async (state, expectation, outcome) => {
    const stream = await prepare(server, state);
    const before = await readable(stream);
    const expected = EXPECTATIONS[expectation](stream.last) as bigint;
    const done = await check(server.client.deleteStream(stream.name, { expectedRevision: expected }), stream, expected, outcome);
    expect(await readable(stream)).toBe(done ? 'missing' : before);
    if (done) expect(await at(done)).toMatchObject({ streamId: `$$${stream.name}`, type: '$metadata' });
  });
});

describe('tombstone', () => {
  test.each(rowsOf(HARD))('of a stream %s, expecting %s: %s', async (state, expectation, outcome) => {
    const stream = await prepare(server, state);
    const before = await readable(stream);
    // The client's types do not know that a tombstone, too, may expect stream_exists.
    const expected = EXPECTATIONS[expectation](stream.last) as bigint;
    const attempt = server.client.tombstoneStream(stream.name, { expectedRevision: expected });
    const done = await check(attempt, stream, expected, outcome);
    expect(await readable(stream)).toBe(done ? 'deleted' : before);
    if (done) expect(await at(done)).toMatchObject({ streamId: stream.name, type: '$streamDeleted', revision: 2n ** 63n - 1n });
  });
});

/** Compares the answer with the outcome; the position when it was done. */
async function check(
  attempt: Promise<{ position?: Position }>,
  stream: PreparedStream,
  expected: AppendExpectedRevision,
  outcome: string,
): Promise<Position | undefined> {
  if (outcome === 'OK') return (await attempt).position!;
  const [{ reason }] = (await Promise.allSettled([attempt])) as [PromiseRejectedResult];
  expect(reason).toBeInstanceOf(outcome === 'D' ? StreamDeletedError : WrongExpectedVersionError);
  if (outcome === 'V') {
    expect(reason).toMatchObject({
      streamName: expect.any(String),
      expectedVersion: NUMBERS[String(expected)] ?? expected,
      actualVersion: stream.last < 0 ? 'no_stream' : BigInt(stream.last),
    });
  }
  return undefined;
}

/** The event at a position of $all. */
async function at(position: Position) {
  return (await readLog(server.client, { fromPosition: position, maxCount: 1 }))[0];
}

async function readable(stream: PreparedStream): Promise<string> {
  try {
    return (await readAllOf(server.client, stream.name)).map(({ event }) => event?.id).join();
  } catch (error) {
    if (error instanceof StreamNotFoundError) return 'missing';
    if (error instanceof StreamDeletedError) return 'deleted';
    throw error;
  }
}
