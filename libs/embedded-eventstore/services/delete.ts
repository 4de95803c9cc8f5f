import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { DeleteResp, TombstoneResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { EventLog, WriteOutcome } from '../storage/event-log.js';
import { isMetastream } from '../storage/system-streams.js';
import { type AppendOptions, decodeOptions, type ExpectedRevision } from '../wire/append-request.js';
import { WireReader } from '../wire/wire.js';
import type { ServiceContext } from './context.js';
import { invalidArgument, isServerError, streamDeleted, toFault, unavailable, wrongExpectedVersion } from './faults.js';
import { assertWritable } from './proposal.js';

type Deletion = (log: EventLog, stream: string, expected: ExpectedRevision) => Promise<WriteOutcome>;
type Handler<T> = (call: ServerUnaryCall<Buffer, T>, callback: sendUnaryData<T>) => void;

/** Streams.Delete: soft delete. */
export function deleteHandler(context: ServiceContext): Handler<DeleteResp> {
  return handler(
    context,
    (log, stream, expected) => log.delete(stream, expected),
    (position) => {
      const response = new DeleteResp();
      return position === undefined
        ? response.setNoPosition(new Empty())
        : response.setPosition(new DeleteResp.Position().setCommitPosition(position).setPreparePosition(position));
    },
  );
}

/** Streams.Tombstone: delete for good. */
export function tombstoneHandler(context: ServiceContext): Handler<TombstoneResp> {
  return handler(
    context,
    (log, stream, expected) => log.tombstone(stream, expected),
    (position) => {
      const response = new TombstoneResp();
      return position === undefined
        ? response.setNoPosition(new Empty())
        : response.setPosition(new TombstoneResp.Position().setCommitPosition(position).setPreparePosition(position));
    },
  );
}

function handler<T>(context: ServiceContext, deletion: Deletion, toResponse: (position: string | undefined) => T): Handler<T> {
  return (call, callback) => {
    remove(context, call.request, deletion).then(
      (position) => callback(null, toResponse(position)),
      (error: unknown) => {
        const fault = toFault(error);
        if (isServerError(fault)) context.report(error);
        callback(fault);
      },
    );
  };
}

async function remove(context: ServiceContext, message: Buffer, deletion: Deletion): Promise<string | undefined> {
  const { stream, expected } = assertWritable(decodeRequest(message));
  if (isMetastream(stream)) throw invalidArgument('a metadata stream can not be deleted');
  if (context.calls.isStopping) throw unavailable('the server is stopping');
  const outcome = await deletion(context.log, stream, expected);
  if (outcome.kind === 'deleted') throw streamDeleted(stream);
  if (outcome.kind === 'wrong-version') throw wrongExpectedVersion(stream, expected, outcome.current);
  return outcome.position === undefined ? undefined : String(outcome.position);
}

function decodeRequest(message: Buffer): AppendOptions | undefined {
  const reader = new WireReader(message);
  let options: AppendOptions | undefined;
  while (reader.next()) {
    if (reader.field === 1) options = decodeOptions(reader.bytes(), 0);
    else reader.skip();
  }
  return options;
}
