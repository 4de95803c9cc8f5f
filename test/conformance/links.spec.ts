import { BACKWARDS, binaryEvent, END, type EventData, jsonEvent } from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import { events, freshStream, linkTo, OwnStreams, readAllOf, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const RESOLVED = { resolveLinkTos: true };
const filled = async (name: string, count = 3) => {
  const stream = freshStream(name);
  await server.client.appendToStream(stream, events(count));
  return stream;
};
/** A stream with these events. */
const linking = async (...links: EventData[]) => {
  const stream = freshStream('links');
  await server.client.appendToStream(stream, links);
  return stream;
};

describe('a link', () => {
  test.each(['target', 'a@b', '@', 'user@example.org@2', '事件@清单 😀'])(
    'is resolved to an event of a stream called %s',
    async (name) => {
      const target = await filled(name);
      const links = await linking(linkTo(1, target), linkTo(2, target));
      const [first, second] = await readAllOf(server.client, links, RESOLVED);
      expect(first?.event).toMatchObject({ streamId: target, revision: 1n, type: 'Numbered', data: { n: 1 } });
      expect(first?.link).toMatchObject({ streamId: links, revision: 0n, type: '$>' });
      expect(second?.event).toMatchObject({ streamId: target, revision: 2n });
      // Where to go on from is the link's place, not the target's.
      expect(first?.commitPosition).toBe(first?.link?.position?.commit);
      expect(first?.event?.position?.commit).toBeLessThan(first!.commitPosition!);
    },
  );

  test('is itself the event when resolving is not asked for', async () => {
    const target = await filled('target');
    const links = await linking(linkTo(1, target));
    const [plain] = await readAllOf(server.client, links);
    expect(plain?.event).toMatchObject({ streamId: links, revision: 0n, type: '$>' });
    expect(Buffer.from(plain!.event!.data as Uint8Array).toString()).toBe(`1@${target}`);
    expect(plain?.link).toBeUndefined();
    expect(plain?.commitPosition).toBe(plain?.event?.position?.commit);
  });

  test('keeps its own metadata', async () => {
    const target = await filled('target');
    const { data } = linkTo(0, target);
    const links = await linking(binaryEvent({ type: '$>', data: data as Uint8Array, metadata: { $causationId: 'c' } }));
    const [read] = await readAllOf(server.client, links, RESOLVED);
    expect(read?.link?.metadata).toEqual({ $causationId: 'c' });
    expect(read?.event?.metadata).toBeUndefined();
  });

  test('among other events is resolved, those are as they are, also backwards', async () => {
    const target = await filled('target');
    const mixed = await linking(...events(1, 'Plain'), linkTo(2, target), ...events(1, 'Plain'));
    const types = (read: Awaited<ReturnType<typeof readAllOf>>) => read.map(({ event, link }) => [event?.type, link?.type]);
    const expected = [
      ['Plain', undefined],
      ['Numbered', '$>'],
      ['Plain', undefined],
    ];
    expect(types(await readAllOf(server.client, mixed, RESOLVED))).toEqual(expected);
    const backwards = await readAllOf(server.client, mixed, { ...RESOLVED, direction: BACKWARDS, fromRevision: END });
    expect(types(backwards)).toEqual([...expected].reverse());
  });

  test('to a link leads to that link only', async () => {
    const target = await filled('target');
    const first = await linking(linkTo(1, target));
    const second = await linking(linkTo(0, first));
    const [read] = await readAllOf(server.client, second, RESOLVED);
    expect(read?.event).toMatchObject({ streamId: first, type: '$>' });
    expect(read?.link).toMatchObject({ streamId: second });
  });

  test('is resolved in $all and in subscriptions', async () => {
    const target = await filled('target');
    const own = new OwnStreams();
    const links = own.fresh('links');
    const { position } = await server.client.appendToStream(links, linkTo(2, target));
    const places: [string, string | undefined][] = [];
    for await (const { event, link } of server.client.readAll({ ...RESOLVED, fromPosition: position, maxCount: 1 })) {
      places.push([`${event?.streamId}`, link?.streamId]);
    }
    const onStream = subscriptions.toStream(links, RESOLVED);
    const onAll = subscriptions.toAll({ ...RESOLVED, fromPosition: END }, own);
    await Promise.all([onStream.untilCaughtUp(), onAll.untilCaughtUp()]);
    await server.client.appendToStream(links, linkTo(0, target));
    await Promise.all([onStream.untilEvents(2), onAll.untilEvents(1)]);
    for (const { event, link } of [...onStream.events, ...onAll.events]) places.push([`${event?.streamId}`, link?.streamId]);
    expect(places).toEqual(Array(4).fill([target, links]));
    expect(onStream.revisions).toEqual([2, 0]);
  });
});

describe('a link whose target can not be read comes without an event', () => {
  const unresolved = async (links: string) => {
    const read = await readAllOf(server.client, links, RESOLVED);
    return read.map(({ event, link }) => [event?.revision, link?.revision]);
  };

  test('because it never was', async () => {
    const target = await filled('target');
    const links = await linking(linkTo(77, target), linkTo(0, freshStream('never')), linkTo(2, target));
    expect(await unresolved(links)).toEqual([
      [undefined, 0n],
      [undefined, 1n],
      [2n, 2n],
    ]);
  });

  test('because it has been truncated', async () => {
    const target = await filled('target');
    const links = await linking(linkTo(1, target), linkTo(2, target));
    await server.client.setStreamMetadata(target, { truncateBefore: 2 });
    expect(await unresolved(links)).toEqual([
      [undefined, 0n],
      [2n, 1n],
    ]);
  });

  test.each(['deleteStream', 'tombstoneStream'] as const)('because of %s', async (method) => {
    const target = await filled('target');
    const links = await linking(linkTo(0, target), linkTo(2, target));
    await server.client[method](target);
    expect(await unresolved(links)).toEqual([
      [undefined, 0n],
      [undefined, 1n],
    ]);
    const recorder = subscriptions.toStream(links, RESOLVED);
    await recorder.untilEvents(2);
    expect(recorder.events.map(({ event }) => event)).toEqual([undefined, undefined]);
  });

  test.each(['nonsense', '1', '@', '1@', 'x@stream', '-1@stream', '99999999999999999999@stream'])(
    'because it says %s',
    async (text) => {
      const links = await linking(binaryEvent({ type: '$>', data: Buffer.from(text) }), jsonEvent({ type: '$>', data: {} }));
      expect(await unresolved(links)).toEqual([
        [undefined, 0n],
        [undefined, 1n],
      ]);
    },
  );
});
