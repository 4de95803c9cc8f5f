import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredRecord } from '../storage/record.js';
import { BoundedRegex, RegexTooSlowError } from './bounded-regex.js';
import { invalidArgument } from './faults.js';

const DEFAULT_WINDOW = 32;
const EPOCHS = '$epoch-information';
const PERSISTENT_SUBSCRIPTIONS_TO_ALL = /^\$persistentsubscription-\$all::.*-(checkpoint|parked)$/s;

/** A server-side filter on $all. */
export interface RecordFilter {
  /** For each record, whether it matches. @throws ServiceFault when that takes too long to find out */
  select(records: readonly StoredRecord[]): boolean[];
  /** Considered events between two checkpoints of a subscription. */
  checkpointInterval: number;
}

type TextMatcher = (texts: readonly string[]) => boolean[];

/** @throws ServiceFault when the filter names nothing to match, has a bad expression or a zero interval */
export function parseFilter(options: ReadReq.Options.FilterOptions): RecordFilter {
  const onStream = options.getStreamIdentifier();
  const expression = onStream ?? options.getEventType();
  if (!expression) throw invalidArgument('the filter names neither stream nor event type');
  const window = options.hasMax() ? options.getMax() : DEFAULT_WINDOW;
  const multiplier = options.getCheckpointintervalmultiplier();
  if (window < 1) throw invalidArgument('the search window must be at least 1');
  if (multiplier < 1) throw invalidArgument('the checkpoint interval must be at least 1');
  const match = textMatcher(expression.getRegex(), expression.getPrefixList());
  const textOf = onStream ? (record: StoredRecord) => record.stream : (record: StoredRecord) => record.type;
  return {
    select: (records) => match(records.map(textOf)),
    checkpointInterval: window * multiplier,
  };
}

/** What subscriptions to $all leave out whatever their filter: events a cluster writes to run itself. */
export function isHiddenFromAll(record: StoredRecord): boolean {
  const { stream } = record;
  return stream.startsWith('$') && (stream === EPOCHS || PERSISTENT_SUBSCRIPTIONS_TO_ALL.test(stream));
}

function textMatcher(expression: string, prefixes: string[]): TextMatcher {
  if (expression === '') return (texts) => texts.map((text) => prefixes.some((prefix) => text.startsWith(prefix)));
  const regex = compile(expression);
  return (texts) => {
    try {
      return regex.testAll(texts);
    } catch (error) {
      if (error instanceof RegexTooSlowError) throw invalidArgument(error.message);
      throw error;
    }
  };
}

/** EventStoreDB takes .NET expressions. What only .NET knows, such as `(?i)`, is refused: misread, it would lose events. */
function compile(expression: string): BoundedRegex {
  try {
    return new BoundedRegex(expression);
  } catch {
    throw invalidArgument('the regular expression of the filter is not valid');
  }
}
