import { BACKWARDS, END, type Position, START } from '@eventstore/db-client';
import { appendOver, events, freshStream, OwnStreams, PATHS, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
/** Before everything this file writes: a foreign server may have a long log, and others may write to it. */
let begin: Position;
beforeAll(async () => {
  server = await serverUnderTest();
  begin = (await server.client.appendToStream(freshStream(), events(1))).position!;
  await Promise.all(Array.from({ length: 20 }, (_, n) => server.client.appendToStream(freshStream(), events(n + 1))));
});
afterAll(() => server.stop());

const log = (options?: Parameters<typeof readLog>[1]) => readLog(server.client, options);
const at = (commit: bigint) => ({ commit, prepare: commit });

describe('reading $all', () => {
  test('positions increase strictly, with commit and prepare alike', async () => {
    for (const path of PATHS) await appendOver(server, path, freshStream(), events(3));
    const all = await log({ fromPosition: begin });
    for (const [index, event] of all.entries()) {
      expect(event.position!.prepare).toBe(event.position!.commit);
      if (index > 0) expect(event.position!.commit).toBeGreaterThan(all[index - 1]!.position!.commit);
    }
  });

  test('is in the order in which appends were answered', async () => {
    const streams = Array.from({ length: 30 }, () => freshStream('order'));
    const { position } = await server.client.appendToStream(freshStream(), events(1));
    for (const [index, stream] of streams.entries()) await appendOver(server, PATHS[index % 2]!, stream, events(1));
    const found = (await log({ fromPosition: position })).map(({ streamId }) => streamId);
    expect(found.filter((stream) => streams.includes(stream))).toEqual(streams);
  });

  test('backwards is the reverse of forwards', async () => {
    const forwards = await log({ fromPosition: begin });
    const fromPosition = forwards.at(-1)!.position!;
    const maxCount = forwards.length - 1;
    const backwards = await log({ direction: BACKWARDS, fromPosition, maxCount });
    expect(backwards.map(({ id }) => id).reverse()).toEqual(forwards.slice(0, -1).map(({ id }) => id));
  });

  test('a position is included forwards and excluded backwards, at every event', async () => {
    await server.client.appendToStream(freshStream(), events(12));
    const all = await log({ fromPosition: begin });
    for (let index = all.length - 10; index < all.length - 2; index++) {
      const fromPosition = all[index]!.position!;
      expect((await log({ fromPosition, maxCount: 2 })).map(({ id }) => id)).toEqual(
        all.slice(index, index + 2).map(({ id }) => id),
      );
      const backwards = await log({ direction: BACKWARDS, fromPosition, maxCount: 2 });
      expect(backwards.map(({ id }) => id)).toEqual([all[index - 1]?.id, all[index - 2]?.id]);
    }
  });

  // EventStoreDB may refuse positions inside a record; to go on from the next one is as good.
  test.each([1n, -1n, 7n])('a position %i away from an event is none, but may be asked for', async (distance) => {
    const { position } = await server.client.appendToStream(freshStream(), events(3));
    const commit = position!.commit + distance;
    const before = (await log({ fromPosition: begin })).filter((event) => event.position!.commit < commit).at(-1);
    const [forwards] = await Promise.allSettled([log({ fromPosition: at(commit) })]);
    if (forwards.status === 'rejected') expect(String(forwards.reason)).toMatch(/invalid position/i);
    else expect(forwards.value.map((event) => event.position!.commit).every((found) => found >= commit)).toBe(true);
    const [backwards] = await Promise.allSettled([log({ fromPosition: at(commit), direction: BACKWARDS, maxCount: 1 })]);
    if (backwards.status === 'rejected') expect(String(backwards.reason)).toMatch(/invalid position/i);
    else expect(backwards.value[0]?.id).toBe(before?.id);
  });

  test.each([1, 31, 32, 33, 64, 65, 70, 129])('at most %i events, in both directions', async (maxCount) => {
    expect(await log({ maxCount })).toHaveLength(maxCount);
    expect(await log({ direction: BACKWARDS, fromPosition: END, maxCount })).toHaveLength(maxCount);
  });

  test('beyond the end there is nothing, before the start neither', async () => {
    const far = { commit: 2n ** 62n, prepare: 2n ** 62n };
    expect(await log({ fromPosition: far })).toEqual([]);
    expect(await log({ fromPosition: END })).toEqual([]);
    expect(await log({ direction: BACKWARDS, fromPosition: START })).toEqual([]);
  });

  test('backwards from beyond the end is from the end', async () => {
    const { position } = await server.client.appendToStream(freshStream(), events(1));
    const [last] = await log({ direction: BACKWARDS, fromPosition: at(2n ** 62n), maxCount: 1 });
    expect(last?.position?.commit).toBeGreaterThanOrEqual(position!.commit);
  });

  test('a commit position before the prepare position is refused', async () => {
    await expect(log({ fromPosition: { commit: 1n, prepare: 2n } })).rejects.toThrow();
    await expect(log({ fromPosition: { commit: 1n, prepare: 2n }, direction: BACKWARDS })).rejects.toThrow();
  });

  test('a reader that stops early does not hinder others', async () => {
    for (let n = 0; n < 20; n++) for await (const _ of server.client.readAll()) break;
    expect(await log({ maxCount: 3 })).toHaveLength(3);
  });

  test('an append during a read does not disturb it', async () => {
    const writing = Promise.all(Array.from({ length: 100 }, () => server.client.appendToStream(freshStream(), events(2))));
    const during = await log({ fromPosition: begin });
    await writing;
    const after = await log({ fromPosition: begin });
    expect(during.map(({ id }) => id)).toEqual(after.slice(0, during.length).map(({ id }) => id));
  });
});

describe('$all holds', () => {
  test('the system events a fresh server writes, at its beginning', async () => {
    const types = (await log({ maxCount: 3 })).map(({ type }) => type);
    expect(types.every((type) => type.startsWith('$'))).toBe(true);
    expect(types).toHaveLength(3);
  });

  test('events of deleted and tombstoned streams, and what deleted them', async () => {
    const own = new OwnStreams();
    const [soft, hard] = [own.fresh('软'), own.fresh('硬')];
    const { position } = await server.client.appendToStream(soft, events(2));
    await server.client.appendToStream(hard, events(2));
    await server.client.deleteStream(soft);
    await server.client.tombstoneStream(hard);
    const found = (await own.log(server.client, position)).map(
      ({ streamId, type, revision }) => `${streamId} ${type} ${revision}`,
    );
    expect(found).toEqual([
      `${soft} Numbered 1`,
      `${hard} Numbered 0`,
      `${hard} Numbered 1`,
      `$$${soft} $metadata 0`,
      `${hard} $streamDeleted ${2n ** 63n - 1n}`,
    ]);
  });

  test('events that truncation hides in their streams', async () => {
    const stream = freshStream();
    const { position } = await server.client.appendToStream(stream, events(1));
    await server.client.setStreamMetadata(stream, { maxCount: 1, truncateBefore: 9 });
    await server.client.setStreamMetadata(stream, { maxCount: 1, truncateBefore: 10 });
    await server.client.appendToStream(stream, events(9));
    const all = await log({ fromPosition: position });
    expect(all.filter(({ streamId }) => streamId === stream)).toHaveLength(10);
    expect(all.filter(({ streamId }) => streamId === `$$${stream}`)).toHaveLength(2);
  });
});
