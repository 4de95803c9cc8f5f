import {
  AccessDeniedError,
  ANY,
  type AppendExpectedRevision,
  type AppendToStreamOptions,
  binaryEvent,
  type EventData,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
} from '@eventstore/db-client';
import { events, freshStream, readAllOf, refusalOf, type ServerUnderTest, serverUnderTest } from './support.js';

const ONE_MIB = 1024 * 1024;

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

describe.each(['batch', 'unary'])('append over the %s path', (path) => {
  const append = (stream: string, batch: EventData[], expectedRevision: AppendExpectedRevision = ANY, more = {}) => {
    const options: AppendToStreamOptions = { expectedRevision, ...more };
    if (path === 'unary') options.credentials = server.credentials;
    return server.client.appendToStream(stream, batch, options);
  };
  const sized = (bytes: number) => binaryEvent({ type: 'Big!', data: Buffer.alloc(bytes) });

  test('exactly 1 MiB of data, metadata and twice the type is written', async () => {
    const stream = freshStream();
    expect(await append(stream, [sized(ONE_MIB - 8)])).toMatchObject({ nextExpectedRevision: 0n });
    const [read] = await readAllOf(server.client, stream);
    expect((read!.event!.data as Uint8Array).length).toBe(ONE_MIB - 8);
  });

  test('one byte more is refused, and so is the sum of several events', async () => {
    const stream = freshStream();
    const error = await refusalOf(append(stream, [sized(ONE_MIB - 7)]));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect((error as MaxAppendSizeExceededError).maxAppendSize).toBe(ONE_MIB);
    const many = Array.from({ length: 40 }, () => sized(100_000));
    expect(await refusalOf(append(stream, many))).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(await append(stream, events(1), NO_STREAM)).toMatchObject({ nextExpectedRevision: 0n });
  });

  test('an append in several chunks is still one append', async () => {
    const stream = freshStream();
    const batch = Array.from({ length: 20 }, () => sized(40_000));
    expect(await append(stream, batch, NO_STREAM, { batchAppendSize: 100_000 })).toMatchObject({ nextExpectedRevision: 19n });
    expect(await readAllOf(server.client, stream)).toHaveLength(20);
  });

  test('$all can not be written', async () => {
    expect(await refusalOf(append('$all', events(1)))).toBeInstanceOf(AccessDeniedError);
  });

  test('an empty event type is refused', async () => {
    await expect(append(freshStream(), [jsonEvent({ type: '', data: {} })])).rejects.toThrow();
  });
});

test('a deadline that has passed is an error and writes nothing', async () => {
  const stream = freshStream('deadline');
  await expect(server.client.appendToStream(stream, events(1), { deadline: -1000 })).rejects.toMatchObject({
    type: 'deadline-exceeded',
  });
  expect(await server.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM })).toMatchObject({
    nextExpectedRevision: 0n,
  });
});
