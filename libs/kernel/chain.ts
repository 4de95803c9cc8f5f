import { createHash } from 'node:crypto';
import { canonicalJson, NotCanonicalError } from './canonical.js';
import type { ChainLink, EventMetadata } from './event.js';

export const CHAIN_START = '0'.repeat(64);
export const CHAIN_ALG = 'sha256-jcs-1';

export interface Chained {
  stream: string;
  revision: bigint;
  id: string;
  type: string;
  data: unknown;
  metadata: Omit<EventMetadata, 'chain'> | Record<string, unknown>;
}

/** The link that ties an event to its predecessor in the stream. @throws NotCanonicalError */
export function chainLink(event: Chained, prev: string): ChainLink {
  return { alg: CHAIN_ALG, prev, hash: hashOf(event, prev) };
}

function hashOf({ stream, revision, id, type, data, metadata }: Chained, prev: string): string {
  const { chain: _, ...rest } = metadata as Record<string, unknown>;
  const text = canonicalJson({ stream, revision: revision.toString(), id, type, data, metadata: rest, prev });
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Tampering can leave something that has no canonical form, and so no hash. */
function hashIfCanonical(event: Chained, prev: string): string | undefined {
  try {
    return hashOf(event, prev);
  } catch (error) {
    if (error instanceof NotCanonicalError) return undefined;
    throw error;
  }
}

export type ChainFault = 'no-chain' | 'unknown-algorithm' | 'prev-differs' | 'hash-differs' | 'revision-gap';

/** Walks one stream from revision 0 and tells the first event whose link does not hold. Feed it the events as stored, before upcasting. */
export class ChainVerifier {
  private prev = CHAIN_START;
  private next = 0n;

  /** Undefined when the event holds, else what is wrong with it. */
  check(event: Chained): ChainFault | undefined {
    const chain = (event.metadata as Partial<EventMetadata> | undefined)?.chain;
    if (event.revision !== this.next) return 'revision-gap';
    if (!chain) return 'no-chain';
    if (chain.alg !== CHAIN_ALG) return 'unknown-algorithm';
    if (chain.prev !== this.prev) return 'prev-differs';
    if (Object.keys(chain).length !== 3 || hashIfCanonical(event, chain.prev) !== chain.hash) return 'hash-differs';
    this.prev = chain.hash;
    this.next += 1n;
    return undefined;
  }

  get head(): string {
    return this.prev;
  }
}
