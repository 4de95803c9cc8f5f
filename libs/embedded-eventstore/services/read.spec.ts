import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type ServiceError, status } from '@grpc/grpc-js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../index.js';
import { rawClient, streamIdentifier } from '../testing/raw-client.js';

let dir: string;
let server: EmbeddedEventStore;
let raw: StreamsClient;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'read-'));
  server = await startEmbeddedEventStore({ dir });
  raw = rawClient(server.port);
  const client = EventStoreDBClient.connectionString(server.connectionString);
  for (let n = 0; n < 200; n++) await client.appendToStream(`s-${n % 5}`, jsonEvent({ type: `T${n % 2}`, data: { n } }));
  await client.dispose();
});
afterAll(async () => {
  raw.close();
  await server.stop();
  await rm(dir, { recursive: true });
});

const { Options } = ReadReq;
const asText = () => new Options.UUIDOption().setString(new Empty());
const ofAll = () => new Options().setAll(new Options.AllOptions().setStart(new Empty())).setUuidOption(asText()).setCount('1000');
const ofStream = (stream: string) =>
  new Options()
    .setStream(new Options.StreamOptions().setStreamIdentifier(streamIdentifier(stream)).setStart(new Empty()))
    .setUuidOption(asText())
    .setCount('1000')
    .setNoFilter(new Empty());
const prefixed = (...prefixes: string[]) =>
  new Options.FilterOptions()
    .setStreamIdentifier(new Options.FilterOptions.Expression().setPrefixList(prefixes))
    .setCheckpointintervalmultiplier(1)
    .setMax(1);

function withoutCount(): ReadReq.Options {
  const options = ofStream('s-0');
  options.clearCount();
  return options;
}

async function read(options: ReadReq.Options): Promise<ReadResp[]> {
  const found: ReadResp[] = [];
  for await (const message of raw.read(new ReadReq().setOptions(options))) found.push(message as ReadResp);
  return found;
}
const streamsOf = (messages: ReadResp[]) =>
  messages.map((message) => Buffer.from(message.getEvent()!.getEvent()!.getStreamIdentifier()!.getStreamName_asU8()).toString());

test('a filtered read of $all counts matches, and sends no checkpoints', async () => {
  const found = await read(ofAll().setFilter(prefixed('s-1', 's-3')).setCount('7'));
  expect(streamsOf(found)).toEqual(['s-1', 's-3', 's-1', 's-3', 's-1', 's-3', 's-1']);
});

test('a filtered read works backwards, and by a regular expression on types', async () => {
  const filter = new Options.FilterOptions()
    .setEventType(new Options.FilterOptions.Expression().setRegex('^T1$'))
    .setCheckpointintervalmultiplier(1)
    .setCount(new Empty());
  const options = ofAll().setFilter(filter).setReadDirection(Options.ReadDirection.BACKWARDS).setCount('3');
  options.getAll()!.setEnd(new Empty());
  const found = await read(options);
  expect(streamsOf(found)).toEqual(['s-4', 's-2', 's-0']);
});

test('ids come in two halves to who asks for them so', async () => {
  const [text] = await read(ofStream('s-0').setCount('1'));
  const structured = ofStream('s-0').setUuidOption(new Options.UUIDOption().setStructured(new Empty()));
  const [halves] = await read(structured.setCount('1'));
  const { mostSignificantBits, leastSignificantBits } = halves!.getEvent()!.getEvent()!.getId()!.getStructured()!.toObject();
  const hex = [mostSignificantBits, leastSignificantBits].map((half) =>
    BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'),
  );
  expect(hex.join('')).toBe(text!.getEvent()!.getEvent()!.getId()!.getString().replaceAll('-', ''));
});

test('what a stream read with nothing to find answers is one message and a good end', async () => {
  const found = await read(ofStream('未有'));
  expect(found).toHaveLength(1);
  expect(Buffer.from(found[0]!.getStreamNotFound()!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe('未有');
});

test.each<[string, () => ReadReq.Options | undefined]>([
  ['no options', () => undefined],
  ['no UUID option', () => ofStream('s-0').setUuidOption(undefined)],
  ['an empty UUID option', () => ofStream('s-0').setUuidOption(new Options.UUIDOption())],
  ['no count and no subscription', () => withoutCount()],
  ['neither stream nor $all', () => ofStream('s-0').setStream(undefined)],
  ['no start', () => ofStream('s-0').setStream(new Options.StreamOptions().setStreamIdentifier(streamIdentifier('s-0')))],
  ['no stream name', () => ofStream('')],
  ['no position', () => ofAll().setAll(new Options.AllOptions())],
  ['a filter on a stream', () => ofStream('s-0').setFilter(prefixed('s'))],
  ['a filter on nothing', () => ofAll().setFilter(new Options.FilterOptions().setMax(1).setCheckpointintervalmultiplier(1))],
  ['a window of no events', () => ofAll().setFilter(prefixed('s').setMax(0))],
  ['a checkpoint interval of zero', () => ofAll().setFilter(prefixed('s').setCheckpointintervalmultiplier(0))],
])('a read with %s is an invalid argument', async (_name, make) => {
  const [error] = (await once(raw.read(new ReadReq().setOptions(make())).resume(), 'error')) as [ServiceError];
  expect(error.code).toBe(status.INVALID_ARGUMENT);
});
