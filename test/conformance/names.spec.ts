import { jsonEvent, NO_STREAM, StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError } from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import {
  appendOver,
  events,
  freshStream,
  isEmbedded,
  PATHS,
  readAllOf,
  readLog,
  refusalOf,
  revisionsOf,
  type ServerUnderTest,
  serverUnderTest,
} from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const NAMES: [string, string][] = [
  ['Chinese', '沂蒙惠才卡'],
  ['beyond the basic plane', '𠮷野家 😀'],
  ['accents, composed and not', '\u00e9 e\u0301 \u00f1'],
  ['right to left', 'שלום مرحبا'],
  ['percent signs', '100%25 %E4%'],
  ['quotes, slashes and at signs', `'"\\/@::,;=`],
  ['control characters', 'tab\there\r\nand nul\u0000'],
  ['spaces at both ends', '  wide  '],
  ['a hyphen first', '-x'],
];

describe.each(NAMES)('a stream name with %s', (_name, text) => {
  test.each(PATHS)('is written over the %s path and read back as it is', async (path) => {
    const stream = freshStream(text) + text;
    await appendOver(server, path, stream, events(2), NO_STREAM);
    const { position } = await appendOver(server, path, stream, events(1), 1n);
    const read = await readAllOf(server.client, stream);
    expect(read.map(({ event }) => event?.streamId)).toEqual([stream, stream, stream]);
    expect((await readLog(server.client, { fromPosition: position }))[0]?.streamId).toBe(stream);
    await server.client.setStreamMetadata(stream, { 名: text });
    expect(await server.client.getStreamMetadata(stream)).toMatchObject({ streamName: stream, metadata: { 名: text } });
  });

  test('is named by the errors of appends and reads', async () => {
    const stream = freshStream(text);
    expect(await refusalOf(readAllOf(server.client, stream))).toMatchObject({ type: 'stream-not-found', streamName: stream });
    await server.client.appendToStream(stream, events(1));
    for (const path of PATHS) {
      const conflict = await refusalOf(appendOver(server, path, stream, events(1), NO_STREAM));
      expect(conflict).toBeInstanceOf(WrongExpectedVersionError);
      expect(conflict).toMatchObject({ streamName: stream });
    }
    await server.client.deleteStream(stream);
    const hidden = await refusalOf(readAllOf(server.client, stream));
    expect(hidden).toBeInstanceOf(StreamNotFoundError);
    expect(hidden).toMatchObject({ streamName: stream });
    await server.client.tombstoneStream(stream);
    expect(await refusalOf(appendOver(server, 'batch', stream, events(1)))).toMatchObject({ streamName: stream });
  });

  // Their trailers carry ASCII only. How other characters are put there is not laid down, but the name must be there: the
  // client fails on an absent one.
  test('is in the trailers of errors that are statuses', async () => {
    const stream = freshStream(text);
    await server.client.appendToStream(stream, events(1));
    const wrong = { expectedRevision: 7n };
    for (const method of ['deleteStream', 'tombstoneStream'] as const) {
      const error = (await refusalOf(server.client[method](stream, wrong))) as WrongExpectedVersionError;
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ expectedVersion: 7n, actualVersion: 0n });
      expectNamed(error.streamName, stream);
    }
    await server.client.tombstoneStream(stream);
    const recorder = subscriptions.toStream(stream);
    await recorder.until(() => recorder.error !== undefined);
    const deleted = [
      await refusalOf(readAllOf(server.client, stream)),
      await refusalOf(server.client.deleteStream(stream)),
      await refusalOf(server.client.tombstoneStream(stream)),
      await refusalOf(appendOver(server, 'unary', stream, events(1))),
      recorder.error,
    ];
    for (const error of deleted) {
      expect(error).toBeInstanceOf(StreamDeletedError);
      expectNamed((error as StreamDeletedError).streamName!, stream);
    }
  });

  function expectNamed(found: string, stream: string): void {
    expect(found).not.toBe('');
    // Spaces at the ends would not survive as they are in a header.
    const isPlain = /^[\x20-\x7e]*$/.test(stream) && stream === stream.trim();
    if (isPlain) expect(found).toBe(stream);
    else if (isEmbedded) expect(percentDecoded(found)).toBe(percentDecoded(stream));
  }
});

/** Text with its %XX bytes put back; what else there is stays. */
function percentDecoded(text: string): string {
  const bytes = text.replace(/%[0-9A-F]{2}/g, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16)));
  const isEncoded = text.includes('%') && [...text].every((character) => character < '\u0100');
  return isEncoded ? Buffer.from(bytes, 'latin1').toString() : text;
}

test('names that look alike are different streams', async () => {
  const base = freshStream();
  const names = ['\u00e9', 'e\u0301', '\u00c9', 'E', ' ', ''].map((end) => base + end);
  for (const [index, name] of names.entries()) await server.client.appendToStream(name, events(index + 1));
  for (const [index, name] of names.entries()) {
    expect(await revisionsOf(server.client, name)).toHaveLength(index + 1);
  }
});

describe('long stream names', () => {
  test.each([255, 1000, 1025, 2000, 3000])('of %i characters are told apart by their last one', async (length) => {
    const start = freshStream().padEnd(length - 1, 'x');
    for (const [index, end] of ['a', 'b', '才'].entries()) await server.client.appendToStream(start + end, events(index + 1));
    for (const [index, end] of ['a', 'b', '才'].entries()) {
      const read = await readAllOf(server.client, start + end);
      expect(read.map(({ event }) => event?.streamId)).toEqual(Array(index + 1).fill(start + end));
    }
    await server.client.setStreamMetadata(`${start}a`, { owner: 'a' });
    expect((await server.client.getStreamMetadata(`${start}a`)).metadata).toEqual({ owner: 'a' });
    expect((await server.client.getStreamMetadata(`${start}b`)).metadata).toBeUndefined();
    await server.client.tombstoneStream(`${start}b`);
    const error = await refusalOf(server.client.tombstoneStream(`${start}b`));
    expect(error).toMatchObject({ type: 'stream-deleted', streamName: `${start}b` });
  });

  test.each(['x', '才'])('up to the longest are named by errors, or as much of them as fits: %s', async (character) => {
    const start = freshStream();
    const stream = start.padEnd(start.length + Math.floor(60_000 / Buffer.byteLength(character)), character);
    await server.client.appendToStream(stream, events(1));
    await server.client.tombstoneStream(stream);
    for (const attempt of [() => readAllOf(server.client, stream), () => server.client.deleteStream(stream)]) {
      const error = (await refusalOf(attempt())) as StreamDeletedError;
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect(error.streamName?.startsWith(start)).toBe(true);
    }
  });

  test('beyond what the server takes are refused, and it goes on', async () => {
    const stream = freshStream().padEnd(200_000, 'x');
    for (const path of PATHS) expect(await refusalOf(appendOver(server, path, stream, events(1)))).toBeInstanceOf(Error);
    expect(await server.client.appendToStream(freshStream(), events(1))).toMatchObject({ nextExpectedRevision: 0n });
  });
});

describe('empty stream names', () => {
  test.each(PATHS)('are refused by an append over the %s path', async (path) => {
    expect(await refusalOf(appendOver(server, path, '', events(1)))).toBeInstanceOf(Error);
  });

  test('are refused by reads, subscriptions, deletions and metadata', async () => {
    expect(await refusalOf(readAllOf(server.client, ''))).toBeInstanceOf(Error);
    expect(await refusalOf(server.client.deleteStream(''))).toBeInstanceOf(Error);
    expect(await refusalOf(server.client.tombstoneStream(''))).toBeInstanceOf(Error);
    expect(await refusalOf(server.client.setStreamMetadata('', { owner: 'x' }))).toBeInstanceOf(Error);
    const recorder = subscriptions.toStream('');
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['error']);
  });
});

describe('stream names beginning with $', () => {
  test.each(PATHS)('are streams like others for who may write them, over the %s path', async (path) => {
    const stream = freshStream('$system');
    expect(await appendOver(server, path, stream, events(2), NO_STREAM)).toMatchObject({ nextExpectedRevision: 1n });
    expect(await revisionsOf(server.client, stream)).toEqual([0, 1]);
    await server.client.setStreamMetadata(stream, { maxCount: 1 });
    expect(await revisionsOf(server.client, stream)).toEqual([1]);
    await server.client.deleteStream(stream);
    expect(await refusalOf(readAllOf(server.client, stream))).toBeInstanceOf(StreamNotFoundError);
  });

  test('twice are metadata of the stream without the two', async () => {
    const stream = freshStream('元');
    await server.client.appendToStream(`$$${stream}`, jsonEvent({ type: '$metadata', data: { $maxCount: 2 } }));
    await server.client.appendToStream(stream, events(5));
    expect(await revisionsOf(server.client, stream)).toEqual([3, 4]);
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 2 });
  });
});
