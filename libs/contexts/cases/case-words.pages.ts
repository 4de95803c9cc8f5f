import { notFound, type RecordedEvent, type Sealed, streamName } from '@huicai/kernel';
import type { Found, Reads } from '../edge.js';
import { maskedFor, masking, refuseForeignCase } from '../visibility.js';
import { at } from './case.pages.js';
import type { CaseEvent, MessageDirection } from './contract.js';
import { type CaseDetailRow, findCase } from './views/case-detail.view.js';

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

/** What departments were asked and what they said, in the order it was waited for. @throws Refusal `case-not-found`, `not-yours` */
export async function caseOpinions(reads: Reads, caseId: string): Promise<Found> {
  const { facts } = await visibleCase(reads, caseId);
  const questions = new Map<string, Sealed>();
  const answers = new Map<string, Sealed>();
  for await (const { type, data } of reads.events(streamName('case', caseId)) as AsyncIterable<CaseEvent>) {
    if (type === 'OpinionRequested') for (const { clockId } of data.clocks) questions.set(clockId, data.question);
    if (type === 'OpinionGiven') answers.set(data.clockId, data.opinion);
  }
  // The view may be a moment ahead of, or behind, what the store holds.
  const shown = facts.opinions.map(({ clockId }) => [questions.get(clockId) ?? null, answers.get(clockId) ?? null]);
  const clear = await opened(reads, caseId, 'opinions', shown.flat());
  const items = facts.opinions.map(({ clockId, departmentId, asked, givenAt }, i) => ({
    clockId,
    departmentId,
    asked,
    question: clear[2 * i] ?? null,
    askedAt: at(facts.clocks.find((clock) => clock.clockId === clockId)!.startedAt),
    opinion: clear[2 * i + 1] ?? null,
    givenAt: at(givenAt),
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
  await visibleCase(reads, caseId);
  const found: RecordedEvent<{ type: string; data: D }>[] = [];
  for await (const event of reads.events(streamName('case', caseId))) if (event.type === type) found.push(event as never);
  return found;
}

async function visibleCase(reads: Reads, caseId: string): Promise<CaseDetailRow> {
  const row = await findCase(reads.db, caseId);
  if (!row) throw notFound('case-not-found');
  await refuseForeignCase(reads, row.facts);
  return row;
}

const opened = (reads: Reads, caseId: string, which: string, words: readonly (Sealed | null)[]): Promise<string[]> =>
  reads.open<string[]>(words, {
    expected: `${streamName('case', caseId)}/`,
    resource: `cases/${caseId}/${which}`,
    present: masking(maskedFor(reads.caller.role)),
  });
