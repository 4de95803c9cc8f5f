import {
  ANY,
  type AppendExpectedRevision,
  type AppendResult,
  type EventData,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { type PreparedStream, prepare, type State, writtenElsewhere } from './stream-states.js';
import { appendOver, events, PATHS, readAllOf, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

/**
 * The events of an append, by what the stream may know of them. `k` are the events it holds, in order. Situations that
 * need known events do not arise in a stream without any.
 */
const SITUATIONS = {
  none: () => [],
  new: () => events(2),
  'same new one twice': () => {
    const [event] = events(1);
    return [event!, event!];
  },
  'known in another stream': async () => [await writtenElsewhere(server)],
  'first two': (k) => k.slice(0, 2),
  'last two': (k) => k.slice(-2),
  'last, then first': (k) => [k.at(-1)!, k[0]!],
  'first, then a new one': (k) => [k[0]!, ...events(1)],
  'a new one, then the first': (k) => [...events(1), k[0]!],
  'all and one more': (k) => [...k, ...events(1)],
  'last two and one more': (k) => [...k.slice(-2), ...events(1)],
} satisfies Record<string, (known: EventData[]) => EventData[] | Promise<EventData[]>>;
type Situation = keyof typeof SITUATIONS;
const NAMES = Object.keys(SITUATIONS) as Situation[];

/** What an append may expect. Exact revisions are relative to the last one. */
const EXPECTATIONS = {
  any: () => ANY,
  stream_exists: () => STREAM_EXISTS,
  no_stream: () => NO_STREAM,
  'the last revision': (last) => BigInt(last),
  'two before the last': (last) => BigInt(last - 2),
  'three after the last': (last) => BigInt(last + 3),
} satisfies Record<string, (last: number) => AppendExpectedRevision>;
type Expectation = keyof typeof EXPECTATIONS;

/**
 * Outcomes in the order of the situations: W written; N accepted, nothing to write; a digit: answered as the append that
 * wrote this revision, nothing written; V wrong version; D stream deleted. Streams without events have the first four.
 */
const TABLE: Record<State, Partial<Record<Expectation, string>>> = {
  'never existed': {
    any: 'NWWW',
    stream_exists: 'VVVV',
    no_stream: 'NWWW',
    'three after the last': 'VVVV',
  },
  'only metadata': {
    any: 'NWWW',
    stream_exists: 'NWWW',
    no_stream: 'NWWW',
    'three after the last': 'VVVV',
  },
  exists: {
    any: 'NWWW120VWVV',
    stream_exists: 'NWWW120VWVV',
    no_stream: 'VVVV1VVVVVV',
    'the last revision': 'NWWWWWWWWWW',
    'two before the last': 'VVVVV2VVVVV',
    'three after the last': 'VVVVVVVVVVV',
  },
  'soft-deleted': {
    any: 'NWWW120VWVV',
    stream_exists: 'DDDDDDDDDDD',
    // Nobody who expects no stream can mean the deleted one, unless the events begin as that one did.
    no_stream: 'VWWW1WWVWVW',
    'the last revision': 'NWWWWWWWWWW',
    'two before the last': 'VVVVV2VVVVV',
    'three after the last': 'VVVVVVVVVVV',
  },
  'soft-deleted with nothing but metadata': {
    any: 'NWWW',
    stream_exists: 'DDDD',
    no_stream: 'NWWW',
    'three after the last': 'VVVV',
  },
  revived: {
    any: 'NWWW140VWVV',
    stream_exists: 'NWWW140VWVV',
    no_stream: 'VVVV1VVVVVV',
    'the last revision': 'NWWWWWWWWWW',
    'two before the last': 'VVVVV4VVVVV',
    'three after the last': 'VVVVVVVVVVV',
  },
  tombstoned: {
    any: 'DDDDDDDDDDD',
    stream_exists: 'DDDDDDDDDDD',
    no_stream: 'DDDDDDDDDDD',
    'the last revision': 'DDDDDDDDDDD',
    'two before the last': 'DDDDDDDDDDD',
    'three after the last': 'DDDDDDDDDDD',
  },
};

const ROWS = PATHS.flatMap((path) =>
  Object.entries(TABLE).flatMap(([state, row]) =>
    Object.entries(row).map(([expectation, outcomes]) => [path, state as State, expectation as Expectation, outcomes] as const),
  ),
);

test.each(ROWS)('append over the %s path, stream %s, expecting %s', async (path, state, expectation, outcomes) => {
  const found = await Promise.all(
    NAMES.slice(0, outcomes.length).map(async (situation, index) => {
      const stream = await prepare(server, state);
      const batch = await SITUATIONS[situation](stream.written);
      const expected = EXPECTATIONS[expectation](stream.last);
      const before = await revisionIds(stream);
      const attempt = appendOver(server, path, stream.name, batch, expected);
      const seen = await outcomeOf(attempt, stream, expected, batch.length);
      // Whatever the table says, the stream afterwards must agree with the answer.
      const after = await revisionIds(stream);
      const added = batch.map(({ id }, n) => `${stream.last + 1 + n} ${id}`);
      expect(after).toEqual(seen === 'W' ? [...before, ...added] : before);
      return `${situation}: ${seen}`.concat(seen === outcomes[index] ? '' : ' (unexpected)');
    }),
  );
  expect(found).toEqual(NAMES.slice(0, outcomes.length).map((situation, index) => `${situation}: ${outcomes[index]}`));
});

/** The letter for an answer, after all that it says has been checked. */
async function outcomeOf(
  attempt: Promise<AppendResult>,
  stream: PreparedStream,
  expected: AppendExpectedRevision,
  count: number,
): Promise<string> {
  try {
    const answer = await attempt;
    expect(answer.success).toBe(true);
    const revision = Number(answer.nextExpectedRevision);
    // Of a stream without events the client reads "no stream" as revision 0.
    if (count === 0) expect(revision).toBe(Math.max(stream.last, 0));
    if (count === 0) return 'N';
    if (revision <= stream.last) expect(answer.position).toEqual(stream.answers[revision]!.position);
    if (revision <= stream.last) return String(revision);
    expect(revision).toBe(stream.last + count);
    return 'W';
  } catch (error) {
    if (error instanceof StreamDeletedError) {
      expect(error).toMatchObject({ type: 'stream-deleted', streamName: expect.any(String) });
      return 'D';
    }
    if (!(error instanceof WrongExpectedVersionError)) throw error;
    expect(error).toMatchObject({
      type: 'wrong-expected-version',
      streamName: stream.name,
      expectedVersion: expected,
      actualVersion: stream.last < 0 ? 'no_stream' : BigInt(stream.last),
    });
    return 'V';
  }
}

/** What can be read of a stream, as "revision id"; nothing when it can not be read. */
async function revisionIds(stream: PreparedStream): Promise<string[]> {
  try {
    return (await readAllOf(server.client, stream.name)).map(({ event }) => `${event?.revision} ${event?.id}`);
  } catch (error) {
    if (error instanceof StreamNotFoundError || error instanceof StreamDeletedError) return [];
    throw error;
  }
}
