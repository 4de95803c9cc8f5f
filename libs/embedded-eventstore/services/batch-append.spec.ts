import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { BatchAppendReq, type BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../index.js';
import { batchChunk, batchOptions, rawClient, streamIdentifier } from '../testing/raw-client.js';
import { until } from '../testing/server-process.js';

let dir: string;
let server: EmbeddedEventStore;
let client: StreamsClient;
let call: ClientDuplexStream<BatchAppendReq, BatchAppendResp>;
let answers: BatchAppendResp[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'batch-'));
  server = await startEmbeddedEventStore({ dir });
  client = rawClient(server.port);
});
beforeEach(() => {
  answers = [];
  call = client.batchAppend();
  call.on('data', (answer: BatchAppendResp) => answers.push(answer));
});
afterAll(async () => {
  client.close();
  await server.stop();
  await rm(dir, { recursive: true });
});

/** Half-closes and waits until the server has answered everything and ended the call. */
async function finish(): Promise<void> {
  call.end();
  await once(call, 'end');
}
const typeOf = (answer: BatchAppendResp) => answer.getError()?.getDetails()?.getTypeName().replace('event_store.client.', '');
const idOf = (answer: BatchAppendResp) => answer.getCorrelationId()?.getString();

test('every correlation id gets one answer, chunks of several appends may alternate', async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  const [streamA, streamB] = [randomUUID(), randomUUID()];
  call.write(batchChunk(a, [randomUUID()], false, batchOptions(streamA)));
  call.write(batchChunk(b, [randomUUID()], false, batchOptions(streamB)));
  call.write(batchChunk(a, [randomUUID(), randomUUID()], false));
  call.write(batchChunk(b, [], true));
  call.write(batchChunk(a, [randomUUID()], true));
  await finish();
  expect(new Set(answers.map(idOf))).toEqual(new Set([a, b]));
  expect(answers).toHaveLength(2);
  const answerA = answers.find((answer) => idOf(answer) === a)!;
  expect(answerA.getSuccess()?.getCurrentRevision()).toBe('3');
  expect(Buffer.from(answerA.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(streamA);
});

test('appends to one stream take effect in the order they were completed', async () => {
  const stream = randomUUID();
  const ids = Array.from({ length: 50 }, () => randomUUID() as string);
  for (const id of ids) call.write(batchChunk(id, [randomUUID()], true, batchOptions(stream)));
  await finish();
  const revisions = new Map(answers.map((answer) => [idOf(answer), answer.getSuccess()?.getCurrentRevision()]));
  expect(ids.map((id) => revisions.get(id))).toEqual(ids.map((_, index) => String(index)));
});

test('an append refused early gets one answer, its later chunks none', async () => {
  const id = randomUUID();
  const big = batchChunk(id, [randomUUID()], false, batchOptions(randomUUID()));
  big.getProposedMessagesList()[0]!.setData(Buffer.alloc(1024 * 1024 + 1));
  call.write(big);
  call.write(batchChunk(id, [randomUUID()], false));
  call.write(batchChunk(id, [randomUUID()], true));
  const after = randomUUID();
  call.write(batchChunk(after, [randomUUID()], true, batchOptions(randomUUID())));
  await finish();
  expect(answers.map(idOf)).toEqual([id, after]);
  expect(typeOf(answers[0]!)).toBe('MaximumAppendSizeExceeded');
  expect(answers[0]!.hasStreamIdentifier()).toBe(true);
});

test('an append whose chunks stop coming ends at its deadline, nothing written', async () => {
  const id = randomUUID();
  const stream = randomUUID();
  const options = batchOptions(stream).setDeadline(Timestamp.fromDate(new Date(Date.now() + 150)));
  call.write(batchChunk(id, [randomUUID()], false, options));
  await until(() => answers.length === 1);
  expect(typeOf(answers[0]!)).toBe('Timeout');
  call.write(batchChunk(id, [randomUUID()], true));
  const after = randomUUID();
  call.write(batchChunk(after, [randomUUID()], true, batchOptions(stream)));
  await finish();
  expect(answers.map(idOf)).toEqual([id, after]);
  expect(answers[1]!.getSuccess()?.getCurrentRevision()).toBe('0');
});

test.each([
  ['without options', () => batchChunk(randomUUID(), [randomUUID()], true)],
  [
    'without an expectation',
    () => batchChunk(randomUUID(), [randomUUID()], true, new BatchAppendReq.Options().setStreamIdentifier(streamIdentifier('s'))),
  ],
  ['with an empty stream name', () => batchChunk(randomUUID(), [randomUUID()], true, batchOptions(''))],
  ['with an event without id', () => batchChunk(randomUUID(), [''], true, batchOptions('s'))],
  [
    'with an event without type',
    () => {
      const chunk = batchChunk(randomUUID(), [randomUUID()], true, batchOptions('s'));
      chunk.getProposedMessagesList()[0]!.getMetadataMap().del('type');
      return chunk;
    },
  ],
])('an append %s is a bad request', async (_name, chunk) => {
  call.write(chunk());
  await finish();
  expect(answers.map(typeOf)).toEqual(['BadRequest']);
});

test('an append that can not be read ends alone, whichever chunk it is', async () => {
  const [first, later, good] = [randomUUID(), randomUUID(), randomUUID()];
  const stream = randomUUID();
  call.write(batchChunk(first, ['no-uuid'], false, batchOptions(stream)));
  call.write(batchChunk(first, [randomUUID()], true));
  call.write(batchChunk(later, [randomUUID()], false, batchOptions(stream)));
  call.write(batchChunk(later, ['no-uuid'], false));
  call.write(batchChunk(later, ['no-uuid'], true));
  call.write(batchChunk(good, [randomUUID()], true, batchOptions(stream)));
  await finish();
  expect(answers.map((answer) => [idOf(answer), typeOf(answer)])).toEqual([
    [first, 'BadRequest'],
    [later, 'BadRequest'],
    [good, undefined],
  ]);
  expect(answers.every((answer) => answer.hasStreamIdentifier())).toBe(true);
  expect(answers[2]!.getSuccess()?.getCurrentRevision()).toBe('0');
});

test('without a correlation id there is nothing to answer to: the call fails', async () => {
  const chunk = batchChunk(randomUUID(), [], true, batchOptions('s'));
  chunk.clearCorrelationId();
  call.write(chunk);
  const [error] = (await once(call, 'error')) as [ServiceError];
  expect(error.code).toBe(status.INVALID_ARGUMENT);
});

test('more than the server will hold in memory is taken in turn', async () => {
  const stream = randomUUID();
  const fill = Buffer.alloc(900_000, 1);
  for (let n = 0; n < 60; n++) {
    const chunk = batchChunk(randomUUID(), [randomUUID()], true, batchOptions(stream));
    chunk.getProposedMessagesList()[0]!.setData(fill);
    call.write(chunk);
  }
  await finish();
  expect(answers.filter((answer) => answer.hasSuccess())).toHaveLength(60);
}, 20_000);
