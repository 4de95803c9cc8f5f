import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import type { WriteOutcome } from '../storage/event-log.js';
import { decodeAppendRequest, type ExpectedRevision } from '../wire/append-request.js';
import { encodeAppendSuccess } from '../wire/append-response.js';
import type { ServiceContext } from './context.js';
import { endOfRequests } from './cut-off.js';
import { invalidArgument, isServerError, streamDeleted, toFault, unavailable } from './faults.js';
import { Proposal } from './proposal.js';

/** Streams.Append: options, then one message per event, answered when the client has finished sending. */
export function appendHandler(context: ServiceContext) {
  return (call: ServerReadableStream<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    let proposal: Proposal | undefined;
    let answered = false;
    let submitted = false;
    const forget = context.calls.add(() => {
      // Once submitted it is durable in a moment, and its writer should hear so.
      if (!submitted) fail(unavailable('the server is stopping'));
    });
    const answer = (...args: Parameters<typeof callback>) => {
      forget();
      if (answered) return;
      answered = true;
      callback(...args);
    };
    const fail = (error: unknown) => {
      const fault = toFault(error);
      if (isServerError(fault)) context.report(error);
      answer(fault);
    };
    const receive = (message: Buffer) => {
      const request = decodeAppendRequest(message);
      if (request.options) {
        if (proposal) throw invalidArgument('the options were sent twice');
        proposal = new Proposal(request.options);
      }
      if (request.event) {
        if (!proposal) throw invalidArgument('the first message must be the options');
        proposal.add(request.event);
      }
    };
    const submit = async () => {
      if (endOfRequests(call) === 'inside a message') throw invalidArgument('the last message is cut off');
      if (!proposal) throw invalidArgument('the options are missing');
      if (context.calls.isStopping) throw unavailable('the server is stopping');
      submitted = true;
      const outcome = await context.log.append(proposal.stream, proposal.expected, proposal.events);
      answer(null, toResponse(proposal.stream, proposal.expected, outcome));
    };
    // Messages after an early answer are read and dropped, so that the client can finish sending.
    call.on('data', (message: Buffer) => {
      if (answered) return;
      try {
        receive(message);
      } catch (error) {
        fail(error);
      }
    });
    const abandon = () => {
      forget();
      answered = true;
    };
    call.on('end', () => {
      if (endOfRequests(call) === 'lost') abandon();
      else if (!answered) submit().catch(fail);
    });
    call.on('cancelled', abandon);
    call.on('error', fail);
  };
}

function toResponse(stream: string, expected: ExpectedRevision, outcome: WriteOutcome): Buffer {
  if (outcome.kind === 'deleted') throw streamDeleted(stream);
  if (outcome.kind === 'written') return encodeAppendSuccess(outcome);
  const response = new AppendResp().setWrongExpectedVersion(wrongVersion(expected, outcome.current));
  return Buffer.from(response.serializeBinary());
}

function wrongVersion(expected: ExpectedRevision, current: number): AppendResp.WrongExpectedVersion {
  const wrong = new AppendResp.WrongExpectedVersion();
  if (current < 0) wrong.setCurrentNoStream(new Empty());
  else wrong.setCurrentRevision(String(current));
  if (expected === 'any') wrong.setExpectedAny(new Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new Empty());
  else wrong.setExpectedRevision(String(expected));
  return wrong;
}
