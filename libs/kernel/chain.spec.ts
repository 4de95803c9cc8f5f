import { canonical, canonicalJson } from './canonical.js';
import { CHAIN_START, type Chained, ChainVerifier, chainLink } from './chain.js';

const metadata = (n: number) => ({
  $correlationId: 'c7a1',
  $causationId: 'command-1',
  commandId: 'command-1',
  commandHash: { k: 'installation/1', v: 'abc' },
  actor: { id: 'user-1', role: 'window' as const },
  schemaVersion: 1,
  occurredAt: `2026-09-30T02:00:0${n}.000Z`,
  recordedAt: `2026-09-30T02:00:0${n}.001Z`,
});

/** Three events of one stream as they are written. */
function written(): Chained[] {
  let prev = CHAIN_START;
  return [0, 1, 2].map((n) => {
    const event = {
      stream: 'case-1',
      revision: BigInt(n),
      id: `0000000${n}-0000-5000-8000-000000000000`,
      type: 'CaseAccepted',
      data: canonical({ text: '惠才 "x"\n', count: n, share: 0.25, empty: null, yes: true, list: [1, { deep: 'é' }] }),
      metadata: metadata(n),
    };
    const chain = chainLink(event, prev);
    prev = chain.hash;
    return { ...event, metadata: canonical({ ...event.metadata, chain }) };
  });
}

const faults = (events: readonly Chained[]) => {
  const verifier = new ChainVerifier();
  return events.map((event) => verifier.check(event));
};
const firstFault = (events: readonly Chained[]) => {
  const found = faults(events);
  const at = found.findIndex((fault) => fault !== undefined);
  return at < 0 ? undefined : { at, fault: found[at] };
};

describe('the chain of a stream', () => {
  it('holds for events as written, starting from zeros', () => {
    const events = written();
    expect(faults(events)).toEqual([undefined, undefined, undefined]);
    const links = events.map((event) => (event.metadata as { chain: { prev: string; hash: string; alg: string } }).chain);
    expect(links[0]).toMatchObject({ alg: 'sha256-jcs-1', prev: '0'.repeat(64) });
    expect(links.map((link) => link.prev)).toEqual([CHAIN_START, links[0]?.hash, links[1]?.hash]);
    expect(links.every((link) => /^[0-9a-f]{64}$/.test(link.hash))).toBe(true);
  });

  it('is the SHA-256 of the canonical text, computed here by hand', async () => {
    const { createHash } = await import('node:crypto');
    const [event] = written() as [Chained];
    const { chain, ...rest } = event.metadata as { chain: { hash: string } };
    const text = canonicalJson({
      stream: 'case-1',
      revision: '0',
      id: event.id,
      type: 'CaseAccepted',
      data: event.data,
      metadata: rest,
      prev: '0'.repeat(64),
    });
    expect(chain.hash).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('tells the head so far', () => {
    const verifier = new ChainVerifier();
    expect(verifier.head).toBe(CHAIN_START);
    const [event] = written() as [Chained];
    verifier.check(event);
    expect(verifier.head).toBe((event.metadata as { chain: { hash: string } }).chain.hash);
  });

  it('does not depend on the order in which a store gives the members back', () => {
    const events = written().map((event) => ({
      ...event,
      data: Object.fromEntries(Object.entries(event.data as object).reverse()),
      metadata: Object.fromEntries(Object.entries(event.metadata).reverse()),
    }));
    expect(faults(events)).toEqual([undefined, undefined, undefined]);
  });
});

describe('tampering', () => {
  /** Every text that differs from this one in one byte and is still JSON of the shape of an event’s part. */
  function* oneByteOff(text: string): Generator<object> {
    const bytes = Buffer.from(text);
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [0x01, 0x02, 0x04, 0x10, 0x20, 0x40]) {
        const copy = Buffer.from(bytes);
        copy[i] = copy[i]! ^ flip;
        try {
          const parsed: unknown = JSON.parse(copy.toString('utf8'));
          if (typeof parsed === 'object' && parsed !== null) yield parsed;
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      }
    }
  }

  it.each(['data', 'metadata'] as const)('of a single byte of %s is found, wherever it is', (part) => {
    let tried = 0;
    for (const at of [0, 1, 2]) {
      const events = written();
      for (const changed of oneByteOff(JSON.stringify(events[at]![part]))) {
        const tampered = events.map((event, n) => (n === at ? { ...event, [part]: changed } : event));
        const found = firstFault(tampered);
        if (found?.at !== at) throw new Error(`Not found at ${at}: ${JSON.stringify(changed)}`);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(500);
  });

  it.each(['type', 'id', 'stream'] as const)('of a single character of %s is found', (part) => {
    for (const at of [0, 1, 2]) {
      const events = written();
      const text = events[at]![part];
      for (let i = 0; i < text.length; i++) {
        const changed = text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ 1) + text.slice(i + 1);
        const tampered = events.map((event, n) => (n === at ? { ...event, [part]: changed } : event));
        expect(firstFault(tampered)).toEqual({ at, fault: 'hash-differs' });
      }
    }
  });

  it('that leaves something without a canonical form is found, not thrown', () => {
    const events = written();
    for (const data of [{ '1': true }, { text: '\ud800' }, { count: 2 ** 60 }])
      expect(firstFault([{ ...events[0]!, data }])).toEqual({ at: 0, fault: 'hash-differs' });
  });

  it('that adds a member is found, in the link too', () => {
    const events = written();
    const [first] = events as [Chained];
    const more = { ...first.metadata, note: 'x' };
    expect(firstFault([{ ...first, metadata: more }])).toEqual({ at: 0, fault: 'hash-differs' });
    const link = { ...(first.metadata as { chain: object }).chain, note: 'x' };
    expect(firstFault([{ ...first, metadata: { ...first.metadata, chain: link } }])?.at).toBe(0);
  });

  it('that takes the link away, or names another algorithm, is found', () => {
    const events = written();
    const { chain, ...bare } = events[1]!.metadata as { chain: object };
    const with_ = (meta: unknown) => [events[0]!, { ...events[1]!, metadata: meta as never }];
    expect(firstFault(with_(bare))).toEqual({ at: 1, fault: 'no-chain' });
    expect(firstFault(with_(undefined))).toEqual({ at: 1, fault: 'no-chain' });
    expect(firstFault(with_({ ...bare, chain: { ...chain, alg: 'md5' } }))).toEqual({ at: 1, fault: 'unknown-algorithm' });
  });

  it('that removes, repeats or swaps events is found', () => {
    const [a, b, c] = written() as [Chained, Chained, Chained];
    expect(firstFault([a, c])).toEqual({ at: 1, fault: 'revision-gap' });
    expect(firstFault([b, c])).toEqual({ at: 0, fault: 'revision-gap' });
    expect(firstFault([a, a])).toEqual({ at: 1, fault: 'revision-gap' });
    expect(firstFault([a, c, b])).toEqual({ at: 1, fault: 'revision-gap' });
    // Renumbered, so that there is no gap to see.
    expect(firstFault([a, { ...c, revision: 1n }])).toEqual({ at: 1, fault: 'prev-differs' });
    const relinked = { ...c, revision: 1n, metadata: { ...c.metadata, chain: chainLink({ ...c, revision: 5n }, headOf(a)) } };
    expect(firstFault([a, relinked])).toEqual({ at: 1, fault: 'hash-differs' });
  });

  it('that rewrites an event and its hash is found at the next one', () => {
    const [a, b, c] = written() as [Chained, Chained, Chained];
    const forged = { ...b, data: { count: 99 } };
    const chain = chainLink(forged, headOf(a));
    expect(firstFault([a, { ...forged, metadata: { ...forged.metadata, chain } }, c])).toEqual({ at: 2, fault: 'prev-differs' });
  });
});

const headOf = (event: Chained): string => (event.metadata as { chain: { hash: string } }).chain.hash;
