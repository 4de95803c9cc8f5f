import { eventTime, type RecordedEvent } from '@huicai/kernel';
import type { CaseEvent } from './contract.js';
import { foldCase } from './fold.js';
import type { CaseFacts } from './state.js';

/** Where an event keeps its last fold, for as long as somebody holds the event: a map beside it would cost the collector more than the fold. */
const FOLDED = Symbol('folded');

interface Folded extends RecordedEvent {
  [FOLDED]?: { readonly before: CaseFacts | null; readonly after: CaseFacts | null };
}

/**
 * As {@link foldCase}, for read models: in a batch, or while a log is gone through, several of them fold the same event from the very
 * same facts, and the first does it for all.
 */
export function factsAfter(before: CaseFacts | null, event: RecordedEvent): CaseFacts | null {
  const known = (event as Folded)[FOLDED];
  if (known && known.before === before) return known.after;
  const after = foldCase(before, event as RecordedEvent as CaseEvent, eventTime(event));
  (event as Folded)[FOLDED] = { before, after };
  return after;
}
