import type { AppendExpectedRevision } from '@eventstore/db-client';
import fc from 'fast-check';
import { isEmbedded } from './support.js';

/** Streams and ids of a history are numbers; few of them, so that histories repeat and mix them. */
export const STREAMS = 3;
export const IDS = 8;

/** Data of `$metadata`; `undefined` stands for data that are not JSON. */
const METADATA: readonly (Record<string, unknown> | undefined)[] = [
  {},
  { owner: '惠才' },
  { $maxCount: 1 },
  { $maxCount: 3 },
  { $maxCount: 0 },
  { $maxCount: -2, owner: 'x' },
  { $tb: 0 },
  { $tb: 2 },
  { $tb: 40 },
  { $maxCount: 2, $tb: 1 },
  { $maxCount: 4, $tb: 3, $maxAge: 360_000 },
  { $maxCount: '2', $tb: 1 },
  { $tb: null, $maxCount: 1 },
  { $tb: 1.5 },
  // What a revival by data that are not JSON leaves is not laid down; only our server is asked.
  ...(isEmbedded ? [undefined] : []),
];

const revision = fc.bigInt(0n, 6n);
const expectation: fc.Arbitrary<AppendExpectedRevision> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('any' as const) },
  { weight: 2, arbitrary: fc.constantFrom('no_stream' as const, 'stream_exists' as const) },
  { weight: 4, arbitrary: revision },
);
/** Expecting the revision the stream has, whatever it is: most real writers do. */
const expected = fc.oneof({ weight: 3, arbitrary: fc.constant('current' as const) }, { weight: 5, arbitrary: expectation });
const stream = fc.nat(STREAMS - 1);
const unary = fc.boolean();

const append = fc.record({
  kind: fc.constant('append' as const),
  stream,
  expected,
  ids: fc.array(fc.nat(IDS - 1), { maxLength: 3 }),
  unary,
});
const setMetadata = fc.record({
  kind: fc.constant('metadata' as const),
  stream,
  expected,
  ids: fc.array(fc.nat(IDS - 1), { minLength: 1, maxLength: 2 }),
  metadata: fc.nat(METADATA.length - 1),
  unary,
});
const remove = fc.record({
  kind: fc.constant('delete' as const),
  stream,
  // The client can not soft-delete expecting stream_exists.
  expected: expected.filter((value) => value !== 'stream_exists'),
});
const tombstone = fc.record({ kind: fc.constant('tombstone' as const), stream, expected });
const read = fc.record({
  kind: fc.constant('read' as const),
  stream,
  ofMetadata: fc.boolean(),
  direction: fc.constantFrom('forwards' as const, 'backwards' as const),
  from: fc.nat(9),
  count: fc.integer({ min: 1, max: 5 }),
});
const restart = fc.record({ kind: fc.constant('restart' as const), abrupt: fc.boolean() });

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never;
export type Step = Of<typeof append | typeof setMetadata | typeof remove | typeof tombstone | typeof read | typeof restart>;

/** A history of writes and reads; of an embedded server about one in six has a restart in it. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 60, arbitrary: append },
    { weight: 18, arbitrary: setMetadata },
    { weight: 12, arbitrary: remove },
    { weight: 3, arbitrary: tombstone },
    { weight: 12, arbitrary: read },
    { weight: isEmbedded ? 2 : 0, arbitrary: restart },
  ),
  { minLength: 1, maxLength: 24, size: '+1' },
);

/** The metadata a step stands for; `undefined` for data that are not JSON. */
export function metadataOf(step: { metadata: number }): Record<string, unknown> | undefined {
  return METADATA[step.metadata];
}
