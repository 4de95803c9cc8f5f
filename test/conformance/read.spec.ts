import {
  BACKWARDS,
  binaryEvent,
  END,
  FORWARDS,
  NO_STREAM,
  START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { events, freshStream, readAllOf, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

/** Revisions read from a stream, as numbers. */
async function revisions(stream: string, options?: Parameters<typeof readAllOf>[2]): Promise<number[]> {
  return (await readAllOf(server.client, stream, options)).map(({ event }) => Number(event?.revision));
}

describe('reading a stream', () => {
  const stream = freshStream();
  beforeAll(() => server.client.appendToStream(stream, events(200), { expectedRevision: NO_STREAM }));
  const upTo = (from: number, to: number) =>
    Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + Math.sign(to - from) * i);

  test('forwards from the start gives all events in order', async () => {
    expect(await revisions(stream)).toEqual(upTo(0, 199));
  });

  test.each([
    ['a revision', 150n, upTo(150, 199)],
    ['the last revision', 199n, [199]],
    ['beyond the last revision', 200n, []],
    ['a revision only 64 bits hold', 2n ** 63n, []],
  ])('forwards from %s, which is included', async (_name, fromRevision, expected) => {
    expect(await revisions(stream, { fromRevision })).toEqual(expected);
  });

  test.each([
    ['the end', END, upTo(199, 0)],
    ['a revision', 3n, [3, 2, 1, 0]],
    ['revision 0', 0n, [0]],
    ['beyond the end, which counts as the end', 5000n, upTo(199, 0)],
  ] as const)('backwards from %s', async (_name, fromRevision, expected) => {
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision })).toEqual(expected);
  });

  test('backwards from the start is the first event only', async () => {
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: START })).toEqual([0]);
  });

  test.each([1, 63, 64, 65, 128, 199, 200, 500])('at most %i events', async (maxCount) => {
    expect(await revisions(stream, { maxCount })).toEqual(upTo(0, Math.min(maxCount, 200) - 1));
    const backwards = await revisions(stream, { direction: BACKWARDS, fromRevision: END, maxCount });
    expect(backwards).toEqual(upTo(199, Math.max(0, 200 - maxCount)));
  });

  test('a reader that stops early does not hinder others', async () => {
    let seen = 0;
    for await (const _ of server.client.readStream(stream)) if (++seen === 3) break;
    expect(await revisions(stream, { maxCount: 2 })).toEqual([0, 1]);
  });
});

test('a stream that does not exist is an error that names it', async () => {
  const stream = freshStream('清单');
  const attempt = readAllOf(server.client, stream);
  await expect(attempt).rejects.toBeInstanceOf(StreamNotFoundError);
  await expect(attempt).rejects.toMatchObject({ streamName: stream });
});

test('a stream with metadata but no events does not exist', async () => {
  const stream = freshStream();
  await server.client.setStreamMetadata(stream, { owner: 'x' });
  await expect(readAllOf(server.client, stream)).rejects.toBeInstanceOf(StreamNotFoundError);
});

test('a tombstoned stream is deleted for readers', async () => {
  const stream = freshStream('已删');
  await server.client.appendToStream(stream, events(1));
  await server.client.tombstoneStream(stream);
  await expect(readAllOf(server.client, stream)).rejects.toBeInstanceOf(StreamDeletedError);
});

describe('reading $all', () => {
  test('positions increase strictly, with commit and prepare alike', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => server.client.appendToStream(freshStream(), events(n + 1))));
    const log = await readLog(server.client);
    for (const [index, event] of log.entries()) {
      expect(event.position!.prepare).toBe(event.position!.commit);
      if (index > 0) expect(event.position!.commit).toBeGreaterThan(log[index - 1]!.position!.commit);
    }
  });

  test('holds the system events a fresh server writes', async () => {
    const types = (await readLog(server.client, { maxCount: 20 })).map(({ type }) => type);
    expect(types.some((type) => type.startsWith('$'))).toBe(true);
  });

  test('backwards is the reverse of forwards', async () => {
    const forwards = (await readLog(server.client)).map(({ id }) => id);
    const backwards = (await readLog(server.client, { direction: BACKWARDS, fromPosition: END })).map(({ id }) => id);
    expect(backwards).toEqual([...forwards].reverse());
  });

  test('a position is included forwards and excluded backwards', async () => {
    const { position } = await server.client.appendToStream(freshStream(), events(3));
    const log = await readLog(server.client);
    const index = log.findIndex((event) => event.position!.commit === position!.commit);
    const forwards = await readLog(server.client, { fromPosition: position });
    expect(forwards[0]?.id).toBe(log[index]?.id);
    const backwards = await readLog(server.client, { direction: BACKWARDS, fromPosition: position, maxCount: 2 });
    expect(backwards.map(({ id }) => id)).toEqual([log[index - 1]?.id, log[index - 2]?.id]);
  });

  test('at most the count asked for, in both directions', async () => {
    const { position } = await server.client.appendToStream(freshStream(), events(100));
    expect(await readLog(server.client, { maxCount: 70 })).toHaveLength(70);
    expect(await readLog(server.client, { direction: BACKWARDS, fromPosition: END, maxCount: 70 })).toHaveLength(70);
    expect(await readLog(server.client, { fromPosition: position, maxCount: 70 })).not.toHaveLength(0);
  });

  test('beyond the end there is nothing, before the start neither', async () => {
    const far = { commit: 2n ** 62n, prepare: 2n ** 62n };
    expect(await readLog(server.client, { fromPosition: far })).toEqual([]);
    expect(await readLog(server.client, { direction: BACKWARDS, fromPosition: START })).toEqual([]);
  });

  test('a commit position before the prepare position is refused', async () => {
    await expect(readLog(server.client, { fromPosition: { commit: 1n, prepare: 2n } })).rejects.toThrow();
  });
});

describe('truncation by metadata', () => {
  const truncated = async (metadata: Record<string, unknown>) => {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(10));
    await server.client.setStreamMetadata(stream, metadata);
    return stream;
  };

  test.each([
    ['$maxCount', { $maxCount: 3 }, [7, 8, 9]],
    ['$tb', { $tb: 6 }, [6, 7, 8, 9]],
    ['the stricter of both', { $maxCount: 8, $tb: 6 }, [6, 7, 8, 9]],
    ['$tb beyond the end', { $tb: 50 }, []],
    ['a $maxAge that reaches back far enough', { $maxAge: 3600 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['nothing when $maxCount is not positive', { $maxCount: 0 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['nothing when one value has the wrong type', { $maxCount: 3, $tb: 'x' }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])('by %s', async (_name, metadata, expected) => {
    const stream = await truncated(metadata);
    expect(await revisions(stream)).toEqual(expected);
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([...expected].reverse());
    expect(await revisions(stream, { direction: FORWARDS, fromRevision: 8n })).toEqual(expected.filter((n) => n >= 8));
  });

  test('follows changes of the metadata and new events', async () => {
    const stream = await truncated({ $maxCount: 2 });
    await server.client.appendToStream(stream, events(1));
    expect(await revisions(stream)).toEqual([9, 10]);
    await server.client.setStreamMetadata(stream, {});
    expect(await revisions(stream)).toHaveLength(11);
  });

  test('by age: events disappear once they are old enough, and newer ones stay', async () => {
    const stream = await truncated({ $maxAge: 1 });
    while ((await revisions(stream)).length > 0) await new Promise((next) => setTimeout(next, 50));
    await server.client.appendToStream(stream, events(1));
    expect(await revisions(stream)).toEqual([10]);
  });

  test('hides nothing in $all', async () => {
    const stream = await truncated({ $maxCount: 1 });
    const log = await readLog(server.client);
    expect(log.filter(({ streamId }) => streamId === stream)).toHaveLength(10);
  });

  test('of a metadata stream: only its last event can be read', async () => {
    const stream = await truncated({ $maxCount: 1 });
    await server.client.setStreamMetadata(stream, { maxCount: 2 });
    expect(await revisions(`$$${stream}`)).toEqual([1]);
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 2 });
  });
});

describe('links', () => {
  /** A link's data is bare text, which the client sends only as binary. */
  const appendLink = (stream: string, target: string) =>
    server.client.appendToStream(stream, binaryEvent({ type: '$>', data: Buffer.from(target) }));
  const linked = async () => {
    const target = freshStream('a@b');
    const links = freshStream('links');
    await server.client.appendToStream(target, events(3));
    await appendLink(links, `1@${target}`);
    return { target, links };
  };

  test('are resolved when asked for', async () => {
    const { target, links } = await linked();
    const [resolved] = await readAllOf(server.client, links, { resolveLinkTos: true });
    expect(resolved?.event).toMatchObject({ streamId: target, revision: 1n });
    expect(resolved?.link).toMatchObject({ streamId: links, revision: 0n, type: '$>' });
    expect(resolved?.commitPosition).toBe(resolved?.link?.position?.commit);
  });

  test('are themselves the events when not asked for', async () => {
    const { links } = await linked();
    const [plain] = await readAllOf(server.client, links);
    expect(plain?.event?.type).toBe('$>');
    expect(plain?.link).toBeUndefined();
  });

  test('to what can not be read come without an event', async () => {
    const { target, links } = await linked();
    await appendLink(links, `77@${target}`);
    await appendLink(links, 'nonsense');
    await server.client.setStreamMetadata(target, { truncateBefore: 2 });
    const resolved = await readAllOf(server.client, links, { resolveLinkTos: true });
    expect(resolved.map(({ event, link }) => [event, link?.revision])).toEqual([
      [undefined, 0n],
      [undefined, 1n],
      [undefined, 2n],
    ]);
  });
});
