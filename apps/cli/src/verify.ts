import { ourAggregates } from '@huicai/composition';
import { connectEventStore } from '@huicai/event-store';
import { ChainVerifier, splitStreamName } from '@huicai/kernel';
import { resolveConnections } from '@huicai/runtime';

/** Walks the chain of every stream of ours in one pass over the log. Exit code 1 when a link does not hold. */
export async function verifyCommand(): Promise<number> {
  const store = connectEventStore(resolveConnections(process.env).eventStoreUrl);
  const chains = new Map<string, ChainVerifier>();
  let events = 0;
  try {
    for await (const event of store.readAll()) {
      if (event.type.startsWith('$') || !ourAggregates.has(splitStreamName(event.stream).aggregate)) continue;
      const chain = chains.get(event.stream) ?? new ChainVerifier();
      chains.set(event.stream, chain);
      events++;
      const fault = chain.check({ ...event, metadata: event.metadata as Record<string, unknown> });
      if (fault) {
        process.stdout.write(`${event.stream} revision ${event.revision} (${event.type}, ${event.id}): ${fault}\n`);
        return 1;
      }
    }
    process.stdout.write(`${events} events in ${chains.size} streams: every chain holds.\n`);
    return 0;
  } finally {
    await store.close();
  }
}
