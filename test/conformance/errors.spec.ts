import {
  AccessDeniedError,
  DeadlineExceededError,
  ErrorType,
  isCommandError,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import {
  appendOver,
  events,
  freshStream,
  PATHS,
  readAllOf,
  refusalOf,
  type ServerUnderTest,
  serverUnderTest,
} from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const tombstoned = async () => {
  const stream = freshStream();
  await server.client.tombstoneStream(stream);
  return stream;
};

describe.each(PATHS)('an append over the %s path that can not be made', (path) => {
  test.each<[string, () => Promise<unknown>, new (...args: never[]) => Error, object]>([
    [
      'because of a conflict',
      () => appendOver(server, path, 's-conflict', events(1), 99n),
      WrongExpectedVersionError,
      { type: ErrorType.WRONG_EXPECTED_VERSION, streamName: 's-conflict', expectedVersion: 99n, actualVersion: 'no_stream' },
    ],
    [
      'because the stream is tombstoned',
      async () => appendOver(server, path, await tombstoned(), events(1)),
      StreamDeletedError,
      // The batch path answers in-band, without a status of the call.
      { type: ErrorType.STREAM_DELETED, ...(path === 'unary' && { code: 9 }) },
    ],
    [
      'because nobody may',
      () => appendOver(server, path, '$all', events(1)),
      AccessDeniedError,
      { type: ErrorType.ACCESS_DENIED },
    ],
    [
      'because it is too large',
      () => appendOver(server, path, 's-large', jsonEvent({ type: 'Large', data: 'x'.repeat(2 ** 20) })),
      MaxAppendSizeExceededError,
      { type: ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED, maxAppendSize: 2 ** 20 },
    ],
    [
      'because time is up',
      () => appendOver(server, path, 's-late', events(1), NO_STREAM, { deadline: -1 }),
      DeadlineExceededError,
      { type: ErrorType.DEADLINE_EXCEEDED },
    ],
  ])('%s says so', async (_name, attempt, errorClass, fields) => {
    const error = await refusalOf(attempt());
    expect(error).toBeInstanceOf(errorClass);
    expect(isCommandError(error)).toBe(true);
    expect(error).toMatchObject(fields);
  });

  test('because it is malformed is an error of the client’s kind, not a crash', async () => {
    for (const attempt of [
      appendOver(server, path, freshStream(), [{ ...events(1)[0]!, id: 'no-uuid' }]),
      appendOver(server, path, freshStream(), [{ ...events(1)[0]!, type: '' }]),
      appendOver(server, path, '', events(1)),
    ]) {
      expect(isCommandError(await refusalOf(attempt))).toBe(true);
    }
    expect(await appendOver(server, path, freshStream(), events(1))).toMatchObject({ success: true });
  });
});

test('each of many failing appends on their way at once gets its own error', async () => {
  const gone = await tombstoned();
  const taken = freshStream();
  await server.client.appendToStream(taken, events(1));
  const attempts = Array.from({ length: 60 }, (_, n) => {
    if (n % 3 === 0) return server.client.appendToStream(gone, events(1));
    if (n % 3 === 1) return server.client.appendToStream(taken, events(1), { expectedRevision: NO_STREAM });
    return server.client.appendToStream(freshStream(), events(1));
  });
  const answers = await Promise.allSettled(attempts);
  const kinds = answers.map((answer) => (answer.status === 'fulfilled' ? 'written' : answer.reason.type));
  expect(kinds).toEqual(answers.map((_, n) => ['stream-deleted', 'wrong-expected-version', 'written'][n % 3]));
});

test('the call after a failed one works, of every kind', async () => {
  const stream = await tombstoned();
  const other = freshStream();
  await server.client.appendToStream(other, events(2));
  for (const attempt of [
    () => readAllOf(server.client, stream),
    () => readAllOf(server.client, freshStream()),
    () => server.client.deleteStream(stream),
    () => server.client.tombstoneStream(stream),
    () => server.client.setStreamMetadata(stream, {}),
    () => server.client.deleteStream(other, { expectedRevision: 7n }),
  ]) {
    const error = await refusalOf(attempt());
    expect([StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError].some((kind) => error instanceof kind)).toBe(true);
    expect(await readAllOf(server.client, other)).toHaveLength(2);
  }
});
