import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredRecord } from '../storage/record.js';
import { invalidArgument } from './faults.js';

const DEFAULT_WINDOW = 32;

/** A server-side filter on $all. */
export interface RecordFilter {
  matches(record: StoredRecord): boolean;
  /** Considered events between two checkpoints of a subscription. */
  checkpointInterval: number;
}

/** @throws ServiceFault when the filter names nothing to match, has a bad expression or a zero interval */
export function parseFilter(options: ReadReq.Options.FilterOptions): RecordFilter {
  const onStream = options.getStreamIdentifier();
  const expression = onStream ?? options.getEventType();
  if (!expression) throw invalidArgument('the filter names neither stream nor event type');
  const window = options.hasMax() ? options.getMax() : DEFAULT_WINDOW;
  const multiplier = options.getCheckpointintervalmultiplier();
  if (window < 1) throw invalidArgument('the search window must be at least 1');
  if (multiplier < 1) throw invalidArgument('the checkpoint interval must be at least 1');
  const matches = textMatcher(expression.getRegex(), expression.getPrefixList());
  return {
    matches: onStream ? (record) => matches(record.stream) : (record) => matches(record.type),
    checkpointInterval: window * multiplier,
  };
}

function textMatcher(regex: string, prefixes: string[]): (text: string) => boolean {
  if (regex === '') return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  try {
    const compiled = new RegExp(regex);
    return (text) => compiled.test(text);
  } catch {
    throw invalidArgument('the regular expression of the filter is not valid');
  }
}
