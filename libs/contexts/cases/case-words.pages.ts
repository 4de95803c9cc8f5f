import { notFound, type RecordedEvent, type Sealed, streamName } from '@huicai/kernel';
import type { Found, Reads } from '../edge.js';
import { maskedFor, masking, refuseForeignCase } from '../visibility.js';
import { at } from './case.pages.js';
import type { MessageDirection } from './contract.js';
import { findCase } from './views/case-detail.view.js';

/** What those who handle the case wrote for each other, oldest first. @throws Refusal `case-not-found`, `not-yours` */
export async function caseNotes(reads: Reads, caseId: string): Promise<Found> {
  const events = await wordsOf<{ note: Sealed }>(reads, caseId, 'NoteAdded');
  const clear = await opened(
    reads,
    caseId,
    'notes',
    events.map(({ data }) => data.note),
  );
  return {
    movesOn: true,
    body: { items: events.map(({ id, metadata }, i) => ({ ...told(id, metadata), by: metadata.actor.id, note: clear[i] })) },
  };
}

/** What the talent and the desk wrote to each other, oldest first. @throws Refusal `case-not-found`, `not-yours` */
export async function caseMessages(reads: Reads, caseId: string): Promise<Found> {
  const events = await wordsOf<{ message: Sealed; direction: MessageDirection }>(reads, caseId, 'MessageSent');
  const clear = await opened(
    reads,
    caseId,
    'messages',
    events.map(({ data }) => data.message),
  );
  const items = events.map(({ id, data: { direction }, metadata }, i) => ({
    ...told(id, metadata),
    direction,
    message: clear[i],
  }));
  return { movesOn: true, body: { items } };
}

const told = (id: string, { occurredAt, actor }: RecordedEvent['metadata']) => ({
  id,
  at: at(Date.parse(occurredAt)),
  role: actor.role,
});

async function wordsOf<D extends object>(
  reads: Reads,
  caseId: string,
  type: string,
): Promise<RecordedEvent<{ type: string; data: D }>[]> {
  const row = await findCase(reads.db, caseId);
  if (!row) throw notFound('case-not-found');
  await refuseForeignCase(reads, row.facts);
  const found: RecordedEvent<{ type: string; data: D }>[] = [];
  for await (const event of reads.events(streamName('case', caseId))) if (event.type === type) found.push(event as never);
  return found;
}

const opened = (reads: Reads, caseId: string, which: string, words: readonly Sealed[]): Promise<string[]> =>
  reads.open<string[]>(words, {
    expected: `${streamName('case', caseId)}/`,
    resource: `cases/${caseId}/${which}`,
    present: masking(maskedFor(reads.caller.role)),
  });
