import { type HuicaiSystem, ourAggregates } from '@huicai/composition';
import { type EventMetadata, type Sealed, splitStreamName } from '@huicai/kernel';

/** An event as two stores must have it alike: opened, without keys, hashes and chain. */
export interface ComparableEvent {
  readonly stream: string;
  readonly revision: string;
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: Omit<EventMetadata, 'chain' | 'commandHash'>;
}

/** Everything a year has left in a store, in the order of the log. */
export async function yearLog({ store, vault }: HuicaiSystem): Promise<ComparableEvent[]> {
  const log: ComparableEvent[] = [];
  for await (const { stream, revision, id, type, data, metadata } of store.readAll()) {
    if (type.startsWith('$') || !ourAggregates.has(splitStreamName(stream).aggregate)) continue;
    const { chain: _, commandHash: __, ...rest } = metadata as unknown as EventMetadata;
    if (!rest.backfill) continue;
    const present = (clear: unknown, __: string, { s, k, ctx }: Sealed<unknown>) => ({ clear, s, k, ctx });
    const opened = await vault.openDeep(data, { present });
    log.push({ stream, revision: revision.toString(), id, type, data: opened.value, metadata: rest });
  }
  return log;
}
