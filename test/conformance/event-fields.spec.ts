import { randomUUID } from 'node:crypto';
import { binaryEvent, type EventData, jsonEvent } from '@eventstore/db-client';
import { appendOver, events, freshStream, PATHS, readAllOf, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const bytes = (...values: number[]) => Uint8Array.from(values);

describe.each(PATHS)('an event appended over the %s path', (path) => {
  /** The event as it is read from the stream; checked to be the same in $all. */
  const writtenAndRead = async (event: EventData) => {
    const stream = freshStream();
    const { position } = await appendOver(server, path, stream, event);
    const [read] = await readAllOf(server.client, stream);
    const [logged] = await readLog(server.client, { fromPosition: position, maxCount: 1 });
    expect(logged).toEqual(read!.event);
    expect(read?.event).toMatchObject({ id: event.id, type: event.type, streamId: stream, revision: 0n, position });
    expect(read?.commitPosition).toBe(position?.commit);
    expect(read?.link).toBeUndefined();
    return read!.event!;
  };

  test.each<[string, unknown]>([
    ['an object', { 名: '惠才', nested: { list: [1, 2.5, null, true], empty: {} } }],
    ['keys with dots and dollars', { $type: 'x', 'a.b': { $ref: 1 } }],
    ['an array', [1, [2], {}]],
    ['a text', 'bare text with "quotes" and 引号'],
    ['a number', 12.5],
    ['null', null],
    ['characters beyond the basic plane', { text: '𠮷 😀 \u2028 \u0000' }],
  ])('keeps JSON data: %s', async (_name, data) => {
    const read = await writtenAndRead(jsonEvent({ type: 'Json', data: data as never }));
    expect(read).toMatchObject({ isJson: true });
    expect(read.data).toEqual(data);
    expect(read.metadata).toBeUndefined();
  });

  test.each([
    ['all byte values', Uint8Array.from({ length: 256 }, (_, n) => n)],
    ['what would be valid JSON', Buffer.from('{"a":1}')],
    ['nothing', bytes()],
  ])('keeps binary data: %s', async (_name, data) => {
    const read = await writtenAndRead(binaryEvent({ type: 'Raw', data }));
    expect(read.isJson).toBe(false);
    expect(Buffer.from(read.data as Uint8Array)).toEqual(Buffer.from(data));
  });

  test.each<[string, unknown, unknown]>([
    ['none', undefined, undefined],
    ['JSON', { $correlationId: 'c-1', 甲: [1] }, { $correlationId: 'c-1', 甲: [1] }],
    ['bytes', bytes(0, 255, 7), bytes(0, 255, 7)],
    ['bytes that are JSON', Uint8Array.from(Buffer.from('{"b":2}')), { b: 2 }],
    ['no bytes', bytes(), undefined],
  ])('keeps metadata: %s', async (_name, metadata, expected) => {
    for (const make of [
      jsonEvent({ type: 'M', data: { a: 1 }, metadata: metadata as never }),
      binaryEvent({ type: 'M', data: bytes(1), metadata: metadata as never }),
    ]) {
      expect((await writtenAndRead(make)).metadata).toEqual(expected);
    }
  });

  test.each(['事件已发生', 'with space', 'ünï', 'a'.repeat(2000), '$ours', '%41'])('keeps the type %#', async (type) => {
    expect((await writtenAndRead(jsonEvent({ type, data: {} }))).type).toBe(type);
  });

  test('of another content type is binary', async () => {
    const event = { ...binaryEvent({ type: 'Xml', data: bytes(1) }), contentType: 'application/xml' } as unknown as EventData;
    // The client sends no data with a content type it does not know.
    expect(await writtenAndRead(event)).toMatchObject({ isJson: false, type: 'Xml' });
  });

  test('has its id back in lower case', async () => {
    const stream = freshStream();
    const id = randomUUID();
    await appendOver(server, path, stream, jsonEvent({ id: id.toUpperCase(), type: 'T', data: {} }));
    expect((await readAllOf(server.client, stream))[0]?.event?.id).toBe(id);
    // The same id in another spelling is the same event.
    await appendOver(server, path, stream, jsonEvent({ id, type: 'T', data: {} }));
    expect(await readAllOf(server.client, stream)).toHaveLength(1);
  });

  test('says when it was created, to the millisecond, never earlier than one before it in the log', async () => {
    const before = Date.now();
    const { position } = await appendOver(server, path, freshStream(), events(1));
    const created: number[] = [];
    for (let n = 0; n < 10; n++) await appendOver(server, path, freshStream(), events(2));
    for (const event of await readLog(server.client, { fromPosition: position })) created.push(event.created.getTime());
    expect(created).toEqual([...created].sort((a, b) => a - b));
    // A server on another machine may have another idea of the time, within reason.
    expect(created[0]).toBeGreaterThanOrEqual(before - 60_000);
    expect(created.at(-1)).toBeLessThanOrEqual(Date.now() + 60_000);
  });
});
