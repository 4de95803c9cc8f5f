import { Metadata, status } from '@grpc/grpc-js';
import { StoreUnavailableError } from '../storage/commit-queue.js';
import { DamagedRecordError } from '../storage/record.js';
import type { ExpectedRevision } from '../wire/append-request.js';
import { MalformedMessageError } from '../wire/wire.js';

/** Most bytes of one append: the sum of data, metadata and type names. */
export const MAX_APPEND_BYTES = 1024 * 1024;

/** Node's HTTP/2 refuses more than 64 KiB of headers, all of them together. */
const MAX_TRAILER_LENGTH = 16 * 1024;
/** Of a name inside a message: those go to logs. */
const MAX_QUOTED_LENGTH = 256;

/** Values of the `exception` trailer that clients turn into their error classes. */
export type ExceptionName =
  | 'access-denied'
  | 'maximum-append-size-exceeded'
  | 'missing-required-metadata-property'
  | 'stream-deleted'
  | 'wrong-expected-version';

/** An error answer: a gRPC status with the trailers the client needs to build its own error from. */
export class ServiceFault extends Error {
  readonly metadata = new Metadata();

  constructor(
    readonly code: status,
    readonly details: string,
    readonly exception?: ExceptionName,
    trailers: Readonly<Record<string, string>> = {},
  ) {
    super(details);
    if (exception) this.metadata.set('exception', exception);
    for (const [key, value] of Object.entries(trailers)) this.metadata.set(key, toAscii(value));
  }
}

export function invalidArgument(details: string): ServiceFault {
  return new ServiceFault(status.INVALID_ARGUMENT, details);
}

export function unavailable(details: string): ServiceFault {
  return new ServiceFault(status.UNAVAILABLE, details);
}

export function accessDenied(): ServiceFault {
  return new ServiceFault(status.PERMISSION_DENIED, 'Access denied', 'access-denied');
}

export function streamDeleted(stream: string): ServiceFault {
  const details = `Event stream '${toAscii(stream, MAX_QUOTED_LENGTH)}' is deleted.`;
  return new ServiceFault(status.FAILED_PRECONDITION, details, 'stream-deleted', { 'stream-name': stream });
}

export function maximumAppendSizeExceeded(): ServiceFault {
  const details = `Maximum append size of ${MAX_APPEND_BYTES} bytes exceeded.`;
  return new ServiceFault(status.INVALID_ARGUMENT, details, 'maximum-append-size-exceeded', {
    'maximum-append-size': String(MAX_APPEND_BYTES),
  });
}

export function missingRequiredMetadata(): ServiceFault {
  const properties = 'type,content-type';
  const details = `Required metadata properties are missing: ${properties}`;
  return new ServiceFault(status.INVALID_ARGUMENT, details, 'missing-required-metadata-property', {
    'required-metadata-properties': properties,
  });
}

/** For Delete and Tombstone; Append and BatchAppend answer in-band. `actual` is -1 for a stream without events. */
export function wrongExpectedVersion(stream: string, expected: ExpectedRevision, actual: number): ServiceFault {
  const expectedNumber = numberOf(expected);
  const details = `Wrong expected version: expected ${expectedNumber}, actual ${actual}.`;
  return new ServiceFault(status.FAILED_PRECONDITION, details, 'wrong-expected-version', {
    'stream-name': stream,
    'expected-version': expectedNumber,
    'actual-version': actual < 0 ? '' : String(actual),
  });
}

/** The fault for whatever was thrown; what is not a known error becomes INTERNAL, its message kept from the client. */
export function toFault(error: unknown): ServiceFault {
  if (error instanceof ServiceFault) return error;
  if (error instanceof MalformedMessageError) return invalidArgument(error.message);
  if (error instanceof StoreUnavailableError) return unavailable(error.message);
  if (error instanceof DamagedRecordError) return new ServiceFault(status.DATA_LOSS, error.message);
  return new ServiceFault(status.INTERNAL, 'the server failed to handle the call');
}

/** Is this an error of the server itself, which its operator must hear of? */
export function isServerError(fault: ServiceFault): boolean {
  return fault.code === status.INTERNAL || fault.code === status.DATA_LOSS;
}

function numberOf(expected: ExpectedRevision): string {
  if (expected === 'any') return '-2';
  if (expected === 'no_stream') return '-1';
  return expected === 'stream_exists' ? '-4' : String(expected);
}

/**
 * Trailers carry printable ASCII only: other bytes are percent-encoded, and so are spaces at the ends, with which HTTP/2
 * drops a header. A name so long that the trailers as a whole would be refused is cut.
 */
function toAscii(value: string, maxLength = MAX_TRAILER_LENGTH): string {
  let ascii = '';
  for (const byte of Buffer.from(value)) {
    ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : percentEncoded(byte);
    if (ascii.length >= maxLength) return `${ascii}...`;
  }
  return ascii.replace(/^ +| +$/g, (spaces) => percentEncoded(0x20).repeat(spaces.length));
}

function percentEncoded(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
