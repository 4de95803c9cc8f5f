import {
  type AppendResult,
  END,
  eventTypeFilter,
  excludeSystemEvents,
  type Filter,
  streamNameFilter,
} from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import { describeEmbedded, events, freshStream, OwnStreams, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const append = (stream: string, batch = events(1)): Promise<AppendResult> => server.client.appendToStream(stream, batch);

describe('a filter', () => {
  test.each<[string, () => Filter, string[]]>([
    ['a stream prefix', () => streamNameFilter({ prefixes: ['beta'] }), ['beta']],
    ['stream prefixes', () => streamNameFilter({ prefixes: ['alpha', 'gamma'] }), ['alpha', 'gamma']],
    ['a prefix in other letters', () => streamNameFilter({ prefixes: ['Alpha', '类别'] }), ['类别']],
    ['a prefix that looks like an expression', () => streamNameFilter({ prefixes: ['.*', '^alpha'] }), []],
    ['the empty prefix', () => streamNameFilter({ prefixes: [''] }), ['alpha', 'beta', 'gamma', '类别']],
    ['a stream regex', () => streamNameFilter({ regex: '^(beta|gamma)-' }), ['beta', 'gamma']],
    ['a stream regex, unanchored', () => streamNameFilter({ regex: 'eta-|别' }), ['beta', '类别']],
    ['a stream regex with a look-ahead', () => streamNameFilter({ regex: '^(?!alpha|gamma|\\$)' }), ['beta', '类别']],
    ['event type prefixes', () => eventTypeFilter({ prefixes: ['type-alpha', 'type-beta'] }), ['alpha', 'beta']],
    ['an event type regex, unanchored', () => eventTypeFilter({ regex: 'mma$' }), ['gamma']],
    ['an event type regex in letters of its own', () => eventTypeFilter({ regex: 'TYPE' }), []],
    ['a regex of any script', () => eventTypeFilter({ regex: '^type-[\\u4e00-\\u9fff]+$' }), ['类别']],
    ['what nothing matches', () => streamNameFilter({ prefixes: ['no-such-stream'] }), []],
  ])('by %s, of what is there and of what comes', async (_name, filter, expected) => {
    const { position } = await append(freshStream());
    const own = new OwnStreams();
    const write = async () => {
      for (const name of ['alpha', 'beta', 'gamma', '类别']) await append(own.fresh(name), events(2, `type-${name}`));
    };
    await write();
    const recorder = subscriptions.toAll({ fromPosition: position, filter: filter() }, own);
    await recorder.untilCaughtUp();
    const found = () => recorder.events.map(({ event }) => event?.streamId.split('-')[0]);
    const once = expected.flatMap((name) => [name, name]);
    expect(found()).toEqual(once);
    await write();
    await recorder.untilEvents(2 * once.length);
    expect(found()).toEqual([...once, ...once]);
  });

  test('that leaves out system events lets no type beginning with $ through', async () => {
    const own = new OwnStreams();
    const { position } = await append(freshStream());
    for (const stream of [own.fresh(), own.fresh('$system')]) {
      await append(stream, events(2));
      await append(stream, events(1, '$own'));
      await server.client.setStreamMetadata(stream, { owner: 'x' });
      await server.client.tombstoneStream(stream);
    }
    const recorder = subscriptions.toAll({ fromPosition: position, filter: excludeSystemEvents() }, own);
    await recorder.untilCaughtUp();
    const wanted = (await own.log(server.client, position)).filter(({ type }) => !type.startsWith('$'));
    expect(recorder.ids).toEqual(wanted.map(({ id }) => id));
    expect(recorder.log).toEqual(['confirmation', ...Array(4).fill('Numbered'), 'caught-up']);
  });

  test('from the end gives what matches of what comes after the confirmation', async () => {
    await append(freshStream('wanted'), events(3));
    const own = new OwnStreams();
    const recorder = subscriptions.toAll({ fromPosition: END, filter: streamNameFilter({ prefixes: ['wanted'] }) }, own);
    await recorder.until(() => recorder.log.includes('confirmation'));
    await append(own.fresh('other'), events(3));
    await append(own.fresh('wanted'), events(2));
    await recorder.untilEvents(2);
    expect(recorder.revisions).toEqual([0, 1]);
    expect(recorder.caughtUp).toBe(1);
  });

  test('is looked at event by event, across many pages', async () => {
    const { position } = await append(freshStream());
    const stream = freshStream('mixed');
    const batch = Array.from({ length: 500 }, (_, n) => events(1, n % 7 === 0 ? 'Seventh' : 'Other', n)[0]!);
    await append(stream, batch);
    const recorder = subscriptions.toAll({ fromPosition: position, filter: eventTypeFilter({ regex: '^Seventh$' }) });
    await recorder.untilCaughtUp();
    expect(recorder.revisions).toEqual(Array.from({ length: 72 }, (_, n) => n * 7));
  });

  test.each(['(', '[', '*', 'a{2,1}'])('with the invalid regular expression %s is refused', async (regex) => {
    for (const filter of [streamNameFilter({ regex }), eventTypeFilter({ regex })]) {
      const recorder = subscriptions.toAll({ filter });
      await recorder.until(() => recorder.error !== undefined);
      expect(recorder.log).toEqual(['error']);
      expect(recorder.error).toMatchObject({ code: 3 });
    }
  });

  test.each([{ checkpointInterval: 0 }, { maxSearchWindow: 0 }])('with %j is refused by the client already', async (options) => {
    const filter = streamNameFilter({ prefixes: ['x'], ...options });
    expect(() => server.client.subscribeToAll({ filter })).toThrow(/must be greater than 0/);
  });
});

describeEmbedded('an expression that backtracks without end', 'it holds up a server that does not bound it', () => {
  test('ends its subscription with an error, and the server goes on', async () => {
    await append(freshStream('a'.repeat(40)));
    const recorder = subscriptions.toAll({ filter: streamNameFilter({ regex: '^(a+)+$' }) });
    const other = subscriptions.toAll({ fromPosition: END });
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.error).toMatchObject({ code: 3, message: expect.stringContaining('regular expression') });
    await append(freshStream());
    await other.untilEvents(1);
  });
});
