import { Code } from '@eventstore/db-client/generated/code_pb.js';
import {
  AccessDenied,
  BadRequest,
  MaximumAppendSizeExceeded,
  StreamDeleted,
  StreamIdentifier,
  Timeout,
  Unknown,
  UUID,
  WrongExpectedVersion,
} from '@eventstore/db-client/generated/shared_pb.js';
import { Status } from '@eventstore/db-client/generated/status_pb.js';
import { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb.js';
import type { WriteOutcome } from '../storage/event-log.js';
import type { ExpectedRevision } from '../wire/append-request.js';
import { encodeBatchSuccess } from '../wire/append-response.js';
import { MAX_APPEND_BYTES, type ServiceFault } from './faults.js';

interface Detail {
  serializeBinary(): Uint8Array;
}

/** The answer to an append that was decided: written, repeated, or against a wrong version. */
export function batchOutcome(
  id: string,
  stream: string,
  expected: ExpectedRevision,
  outcome: Exclude<WriteOutcome, { kind: 'deleted' }>,
): Buffer {
  if (outcome.kind === 'written') return encodeBatchSuccess(id, stream, outcome);
  const wrong = wrongVersion(expected, outcome.current);
  return failed(id, stream, statusOf(Code.ALREADY_EXISTS, 'Wrong expected version.', 'WrongExpectedVersion', wrong));
}

/** The answer to an append whose deadline passed before it was complete; nothing was written. */
export function batchTimeout(id: string, stream: string): Buffer {
  return failed(id, stream, statusOf(Code.DEADLINE_EXCEEDED, 'Timeout.', 'Timeout', new Timeout()));
}

/** The answer to an append that could not be made. */
export function batchFailure(id: string, stream: string, fault: ServiceFault): Buffer {
  return failed(id, stream, statusOfFault(stream, fault));
}

function statusOfFault(stream: string, fault: ServiceFault): Status {
  const { details } = fault;
  switch (fault.exception) {
    case 'access-denied':
      return statusOf(Code.PERMISSION_DENIED, details, 'AccessDenied', new AccessDenied());
    case 'stream-deleted':
      return statusOf(Code.NOT_FOUND, details, 'StreamDeleted', new StreamDeleted().setStreamIdentifier(identifier(stream)));
    case 'maximum-append-size-exceeded': {
      const exceeded = new MaximumAppendSizeExceeded().setMaxappendsize(MAX_APPEND_BYTES);
      return statusOf(Code.INVALID_ARGUMENT, details, 'MaximumAppendSizeExceeded', exceeded);
    }
    default:
      return fault.code === status.INVALID_ARGUMENT
        ? statusOf(Code.INVALID_ARGUMENT, details, 'BadRequest', new BadRequest().setMessage(details))
        : statusOf(Code.UNKNOWN, details, 'Unknown', new Unknown());
  }
}

function wrongVersion(expected: ExpectedRevision, current: number): WrongExpectedVersion {
  const wrong = new WrongExpectedVersion();
  if (current < 0) wrong.setCurrentNoStream(new Empty());
  else wrong.setCurrentStreamRevision(String(current));
  if (expected === 'any') wrong.setExpectedAny(new Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new Empty());
  else wrong.setExpectedStreamPosition(String(expected));
  return wrong;
}

/** Clients dereference id and stream of every answer, errors included. */
function failed(id: string, stream: string, error: Status): Buffer {
  const response = new BatchAppendResp().setCorrelationId(new UUID().setString(id)).setStreamIdentifier(identifier(stream));
  return Buffer.from(response.setError(error).serializeBinary());
}

function identifier(stream: string): StreamIdentifier {
  return new StreamIdentifier().setStreamName(Buffer.from(stream));
}

function statusOf(code: Code, message: string, type: string, detail: Detail): Status {
  const any = new Any();
  any.pack(detail.serializeBinary(), `event_store.client.${type}`);
  return new Status().setCode(code).setMessage(message).setDetails(any);
}
