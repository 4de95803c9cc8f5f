import { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { BEFORE_ALL, type Direction } from '../storage/log-reader.js';
import type { UuidForm } from '../wire/read-response.js';
import { decodeUtf8 } from '../wire/wire.js';
import { invalidArgument } from './faults.js';
import { parseFilter, type RecordFilter } from './filter.js';

/** Where a read starts: an edge, or a revision or position (values a double can not hold are clamped). */
export type StartPoint = 'start' | 'end' | number;

/** A checked Streams.Read request. */
export interface ReadRequest {
  /** `undefined` for $all. */
  stream: string | undefined;
  from: StartPoint;
  direction: Direction;
  /** Events at most; `undefined` for a subscription. */
  count: number | undefined;
  resolveLinks: boolean;
  uuidForm: UuidForm;
  filter: RecordFilter | undefined;
}

/** @throws ServiceFault naming what is wrong with the request */
export function parseReadRequest(request: ReadReq): ReadRequest {
  const options = request.getOptions();
  if (!options) throw invalidArgument('the options are missing');
  const uuidOption = options.getUuidOption();
  if (!uuidOption || !(uuidOption.hasString() || uuidOption.hasStructured())) throw invalidArgument('the UUID option is missing');
  const filter = options.getFilter();
  if (filter && !options.hasAll()) throw invalidArgument('only $all can be filtered');
  return {
    ...parseSource(options),
    direction: options.getReadDirection() === ReadReq.Options.ReadDirection.BACKWARDS ? 'backwards' : 'forwards',
    count: parseCount(options),
    resolveLinks: options.getResolveLinks(),
    uuidForm: uuidOption.hasStructured() ? 'structured' : 'string',
    filter: filter && parseFilter(filter),
  };
}

function parseSource(options: ReadReq.Options): Pick<ReadRequest, 'stream' | 'from'> {
  const stream = options.getStream();
  if (stream) {
    const name = decodeUtf8(Buffer.from(stream.getStreamIdentifier()?.getStreamName_asU8() ?? []));
    if (name === '') throw invalidArgument('the stream name is empty');
    if (stream.hasStart()) return { stream: name, from: 'start' };
    if (stream.hasEnd()) return { stream: name, from: 'end' };
    if (stream.hasRevision()) return { stream: name, from: clamp(stream.getRevision()) };
    throw invalidArgument('the revision to read from is missing');
  }
  const all = options.getAll();
  if (!all) throw invalidArgument('the stream to read is missing');
  if (all.hasStart()) return { stream: undefined, from: 'start' };
  if (all.hasEnd()) return { stream: undefined, from: 'end' };
  const position = all.getPosition();
  if (!position) throw invalidArgument('the position to read from is missing');
  if (BigInt(position.getCommitPosition()) < BigInt(position.getPreparePosition())) {
    throw invalidArgument('the commit position is less than the prepare position');
  }
  return { stream: undefined, from: Math.max(BEFORE_ALL, clamp(position.getCommitPosition())) };
}

function parseCount(options: ReadReq.Options): number | undefined {
  if (options.hasSubscription()) return undefined;
  if (!options.hasCount()) throw invalidArgument('the count is missing');
  return clamp(options.getCount());
}

function clamp(uint64: string): number {
  const value = BigInt(uint64);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
