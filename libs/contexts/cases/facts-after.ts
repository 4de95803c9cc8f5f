import { eventTime, type RecordedEvent } from '@huicai/kernel';
import type { CaseEvent } from './contract.js';
import { foldCase } from './fold.js';
import type { CaseFacts } from './state.js';

/** The last fold of each event, for as long as somebody holds the event. */
const folded = new WeakMap<RecordedEvent, { readonly before: CaseFacts | null; readonly after: CaseFacts | null }>();

/**
 * As {@link foldCase}, for read models: in a batch, or while a log is gone through, several of them fold the same event from the very
 * same facts, and the first does it for all.
 */
export function factsAfter(before: CaseFacts | null, event: RecordedEvent): CaseFacts | null {
  const known = folded.get(event);
  if (known && known.before === before) return known.after;
  const after = foldCase(before, event as RecordedEvent as CaseEvent, eventTime(event));
  folded.set(event, { before, after });
  return after;
}
