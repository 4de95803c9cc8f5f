import { randomUUID } from 'node:crypto';
import { Empty, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendReq, DeleteReq, ReadReq, TombstoneReq } from '@eventstore/db-client/generated/streams_pb.js';
import { batchChunk, batchOptions, streamIdentifier, subscribeToAll } from '../../libs/embedded-eventstore/testing/raw-client.js';
import { METHODS } from './eventstore-raw.fixture.js';

const CORRELATION = randomUUID();

/** The first message of an append to a stream at any revision. */
export function appendOptions(stream: string): Uint8Array {
  const options = new AppendReq.Options().setStreamIdentifier(streamIdentifier(stream)).setAny(new Empty());
  return new AppendReq().setOptions(options).serializeBinary();
}

/** A message of an append with one event. */
export function appendEvent(data: Uint8Array = Buffer.from('{}')): Uint8Array {
  const message = new AppendReq.ProposedMessage().setId(new UUID().setString(randomUUID())).setData(data);
  message.getMetadataMap().set('type', 'Raw').set('content-type', 'application/json');
  return new AppendReq().setProposedMessage(message).serializeBinary();
}

/** A subscription to $all with a filter: the richest request there is. */
function filteredSubscription(): Uint8Array {
  const request = subscribeToAll();
  const expression = new ReadReq.Options.FilterOptions.Expression().setPrefixList(['cut', 'random', '$']);
  const filter = new ReadReq.Options.FilterOptions()
    .setStreamIdentifier(expression)
    .setMax(32)
    .setCheckpointintervalmultiplier(1);
  request.getOptions()!.setFilter(filter);
  return request.serializeBinary();
}

/** Valid messages of a call of every method, which a few changed bytes can spoil. */
export function validMessages(stream: string): Record<keyof typeof METHODS, Uint8Array[]> {
  const deletion = new DeleteReq.Options().setStreamIdentifier(streamIdentifier(stream)).setAny(new Empty());
  const tombstone = new TombstoneReq.Options().setStreamIdentifier(streamIdentifier(stream)).setAny(new Empty());
  const chunk = (isFinal: boolean) => batchChunk(CORRELATION, [randomUUID(), randomUUID()], isFinal, batchOptions(stream));
  return {
    read: [filteredSubscription()],
    append: [appendOptions(stream), appendEvent(), appendEvent()],
    batchAppend: [chunk(false).serializeBinary(), chunk(true).serializeBinary()],
    delete: [new DeleteReq().setOptions(deletion).serializeBinary()],
    tombstone: [new TombstoneReq().setOptions(tombstone).serializeBinary()],
    gossip: [new Empty().serializeBinary()],
    features: [new Empty().serializeBinary()],
    unknown: [new Empty().serializeBinary()],
  };
}
