import { ourAggregates } from '@huicai/composition';
import { connectEventStore, type EventStore, type StoredEvent } from '@huicai/event-store';
import { type Chained, type ChainFault, ChainVerifier, type EventMetadata, splitStreamName } from '@huicai/kernel';
import { resolveConnections } from '@huicai/runtime';

/** How far the writer's clock and the store's may be apart before it is worth a word, milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;
/** Lines of one kind after which only their number is told. */
const MOST_LINES = 20;

const FAULTS: Record<ChainFault, string> = {
  'no-chain': 'was not written by this system: it carries no link',
  'unknown-algorithm': 'is linked by an unknown algorithm',
  'prev-differs': 'does not follow the event before it',
  'hash-differs': 'is not what was written: its hash differs',
  'revision-gap': 'comes after a gap',
};

/**
 * Walks the chain of every stream of ours in one pass over the log and names the first link of each that does not hold, and events
 * whose recorded time the store's own clock contradicts. Exit code 1 when a link does not hold.
 */
export async function verifyCommand(): Promise<number> {
  const store = connectEventStore(resolveConnections(process.env).eventStoreUrl);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  try {
    const { events, streams, broken, doubtful } = await verifyChains(store, say);
    if (doubtful > 0)
      say(`${doubtful} events were not recorded when they say: their writer's clock was wrong, or they are not genuine.`);
    if (broken === 0) say(`${events} events in ${streams} streams: every chain holds.`);
    else say(`${events} events in ${streams} streams: ${broken} ${broken === 1 ? 'chain is' : 'chains are'} broken.`);
    return broken === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}

interface Findings {
  events: number;
  streams: number;
  broken: number;
  doubtful: number;
}

async function verifyChains(store: EventStore, say: (line: string) => void): Promise<Findings> {
  const chains = new Map<string, ChainVerifier | 'broken'>();
  const found: Findings = { events: 0, streams: 0, broken: 0, doubtful: 0 };
  for await (const event of store.readAll()) {
    if (event.type.startsWith('$') || !ourAggregates.has(splitStreamName(event.stream).aggregate)) continue;
    found.events++;
    if (isDoubtful(event) && found.doubtful++ < MOST_LINES) say(`Warning: ${named(event)} is dated more than a minute off`);
    const chain = chains.get(event.stream) ?? new ChainVerifier();
    // After the first broken link nothing can be said about the rest of the stream.
    if (chain === 'broken') continue;
    const fault = chain.check(event as Chained);
    chains.set(event.stream, fault ? 'broken' : chain);
    if (fault && found.broken++ < MOST_LINES) say(`${named(event)} ${FAULTS[fault]}`);
  }
  return { ...found, streams: chains.size };
}

const named = ({ stream, revision, type, id }: StoredEvent): string => `${stream} revision ${revision} (${type}, ${id})`;

function isDoubtful({ created, metadata }: StoredEvent): boolean {
  const { recordedAt, backfill } = (metadata ?? {}) as Partial<EventMetadata>;
  return backfill !== true && recordedAt !== undefined && Math.abs(created - Date.parse(recordedAt)) > CLOCK_TOLERANCE_MS;
}
