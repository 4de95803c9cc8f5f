import { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { BatchAppendReq, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import { Empty as GoogleEmpty } from 'google-protobuf/google/protobuf/empty_pb.js';

/** A bare gRPC client, for requests that the real client never sends. */
export function rawClient(port: number): StreamsClient {
  return new StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure());
}

export function streamIdentifier(stream: string): StreamIdentifier {
  return new StreamIdentifier().setStreamName(Buffer.from(stream));
}

/** Options of a batch append that expects anything. */
export function batchOptions(stream: string): BatchAppendReq.Options {
  return new BatchAppendReq.Options().setStreamIdentifier(streamIdentifier(stream)).setAny(new GoogleEmpty());
}

/** A chunk with events of these ids. */
export function batchChunk(
  correlationId: string,
  ids: string[],
  isFinal: boolean,
  options?: BatchAppendReq.Options,
  data: Uint8Array = Buffer.from('{}'),
): BatchAppendReq {
  const chunk = new BatchAppendReq().setCorrelationId(new UUID().setString(correlationId)).setIsFinal(isFinal);
  if (options) chunk.setOptions(options);
  for (const id of ids) {
    const message = new BatchAppendReq.ProposedMessage().setId(new UUID().setString(id)).setData(data);
    message.getMetadataMap().set('type', 'Raw').set('content-type', 'application/json');
    chunk.addProposedMessages(message);
  }
  return chunk;
}

/** A subscription to $all from the start. */
export function subscribeToAll(): ReadReq {
  const options = new ReadReq.Options()
    .setAll(new ReadReq.Options.AllOptions().setStart(new Empty()))
    .setSubscription(new ReadReq.Options.SubscriptionOptions())
    .setNoFilter(new Empty())
    .setUuidOption(new ReadReq.Options.UUIDOption().setString(new Empty()));
  return new ReadReq().setOptions(options);
}
