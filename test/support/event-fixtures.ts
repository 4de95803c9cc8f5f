import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ourAggregates } from '@huicai/composition';
import type { EventStore, StoredEvent } from '@huicai/event-store';
import { canonical, splitStreamName } from '@huicai/kernel';
import { eventShape } from './event-shapes.js';

/**
 * Streams as they were once written, one file each with one event a line. Every shape of event that was ever in a store is in one
 * of them. The files are never edited: a store out there holds the same bytes.
 */
export const FIXTURES = resolve(__dirname, '../fixtures/events');

/** A kept event; revisions and positions follow from the order. */
type Kept = Pick<StoredEvent, 'id' | 'type' | 'created'> & { readonly data: object; readonly metadata: object };

export interface KeptStream {
  readonly stream: string;
  readonly events: readonly StoredEvent[];
}

/** All kept streams, in an order in which they could have been written. */
export function keptStreams(): KeptStream[] {
  return readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.ndjson'))
    .sort()
    .map((file) => {
      const [name, ...lines] = readFileSync(join(FIXTURES, file), 'utf8').trimEnd().split('\n');
      const { stream } = JSON.parse(name!) as { stream: string };
      const events = lines.map((line, i) => ({
        ...(JSON.parse(line) as Kept),
        stream,
        revision: BigInt(i),
        position: BigInt(i),
      }));
      return { stream, events };
    });
}

/** Of streams that were kept from several stores, the latest: as many as one store can hold. */
export const streamsOfOneStore = (): KeptStream[] => [...new Map(keptStreams().map((kept) => [kept.stream, kept])).values()];

/**
 * Puts kept streams of cases and people into a store that lacks some of their event types, as they were once written, so that whoever
 * goes by all types need not tell each one's story.
 *
 * @param types that are wanted
 */
export async function tellMissing(store: EventStore, types: ReadonlySet<string>): Promise<void> {
  const missing = new Set(types);
  for await (const { type } of store.readAll()) missing.delete(type);
  for (const { stream, events } of streamsOfOneStore()) {
    const some = events.some(({ type }) => missing.has(type));
    if (!some) continue;
    const batch = events.map(({ id, type, data, metadata }) => ({
      id,
      type,
      data: canonical(data as object),
      metadata: canonical(metadata as object),
    }));
    const { outcome } = await store.append(stream, 'no_stream', batch);
    if (outcome !== 'appended') throw new Error(`${stream} is there already`);
    for (const { type } of events) missing.delete(type);
  }
}

/** Shapes of events in the store that no kept stream has. */
export async function shapesNotKept(store: EventStore): Promise<string[]> {
  const kept = new Set(keptStreams().flatMap(({ events }) => events.map(eventShape)));
  const found = new Set<string>();
  for await (const event of ours(store)) if (!kept.has(eventShape(event))) found.add(eventShape(event));
  return [...found].sort();
}

/** Keeps more streams of this store until every shape of event in it is kept. What was kept before stays as it is. */
export async function keepNewShapes(store: EventStore): Promise<void> {
  const streams = new Map<string, StoredEvent[]>();
  for await (const event of ours(store)) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  mkdirSync(FIXTURES, { recursive: true });
  const kept = keptStreams();
  const names = new Set<string>();
  const known = new Set(kept.flatMap(({ events }) => events.map(eventShape)));
  const fresh = (events: readonly StoredEvent[]) => new Set(events.map(eventShape).filter((shape) => !known.has(shape)));
  for (;;) {
    const [best] = [...streams]
      .filter(([name]) => !names.has(name))
      .map(([stream, events]) => ({ stream, events, worth: fresh(events).size / (events.length + 5) }))
      .sort((a, b) => b.worth - a.worth || (a.stream < b.stream ? -1 : 1));
    if (!best || best.worth === 0) return;
    for (const event of best.events) known.add(eventShape(event));
    names.add(best.stream);
    keep(best.stream, best.events);
  }
}

function keep(stream: string, events: readonly StoredEvent[]): void {
  const { aggregate } = splitStreamName(stream);
  const numbers = readdirSync(FIXTURES).flatMap((file) => file.match(new RegExp(`^${aggregate}-(\\d+)\\.ndjson$`))?.[1] ?? []);
  const latest = Math.max(0, ...numbers.map(Number));
  const lines = [
    { stream },
    ...events.map(({ id, type, data, metadata, created }) => ({ id, type, data, metadata, created }) as Kept),
  ];
  const file = join(FIXTURES, `${aggregate}-${String(latest + 1).padStart(2, '0')}.ndjson`);
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, { flag: 'wx' });
}

async function* ours(store: EventStore): AsyncGenerator<StoredEvent> {
  for await (const event of store.readAll())
    if (!event.type.startsWith('$') && ourAggregates.has(splitStreamName(event.stream).aggregate)) yield event;
}
