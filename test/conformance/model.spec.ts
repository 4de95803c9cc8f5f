import { randomUUID } from 'node:crypto';
import {
  type AppendExpectedRevision,
  jsonEvent,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import fc from 'fast-check';
import { readAllOf, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

/** What an append is expected to be answered with. */
type Answer = { revision: number } | 'wrong-version' | 'deleted';

/** A stream as the rules see it, kept in memory. */
class ModelStream {
  ids: string[] = [];
  tombstoned: boolean = false;
  softDeleted: boolean = false;
  hasMetadata: boolean = false;
  /** First readable revision. */
  from = 0;

  get last(): number {
    return this.ids.length - 1;
  }

  append(
    expected: AppendExpectedRevision,
    ids: string[],
    lastHome: Map<string, { stream: ModelStream; revision: number }>,
  ): Answer {
    const answer = this.judge(expected, ids, lastHome);
    if (answer !== 'write') return answer;
    if (ids.length === 0) return { revision: this.last };
    if (this.softDeleted) {
      this.softDeleted = false;
      this.from = this.ids.length;
    }
    for (const id of ids) {
      lastHome.set(id, { stream: this, revision: this.ids.length });
      this.ids.push(id);
    }
    return { revision: this.last };
  }

  delete(): Answer {
    if (this.tombstoned) return 'deleted';
    if (this.last < 0 && !this.hasMetadata) return 'wrong-version';
    this.softDeleted = true;
    this.hasMetadata = true;
    return { revision: this.last };
  }

  private judge(
    expected: AppendExpectedRevision,
    ids: string[],
    lastHome: Map<string, { stream: ModelStream; revision: number }>,
  ): Answer | 'write' {
    if (this.tombstoned) return 'deleted';
    if (expected === 'stream_exists' && this.softDeleted) return 'deleted';
    if (expected === 'stream_exists' && this.last < 0 && !this.hasMetadata) return 'wrong-version';
    if (expected === 'any' || expected === 'stream_exists') {
      const homes = ids.map((id) => lastHome.get(id)).map((home) => (home?.stream === this ? home.revision : undefined));
      if (homes.length === 0 || homes[0] === undefined) return 'write';
      return homes.includes(undefined) ? 'wrong-version' : { revision: homes.at(-1)! };
    }
    const revision = expected === 'no_stream' ? -1 : Number(expected);
    if (revision > this.last) return 'wrong-version';
    if (revision === this.last) return 'write';
    const stored = this.ids.slice(revision + 1, revision + 1 + ids.length);
    if (ids.length > 0 && ids.length === stored.length && ids.every((id, index) => id === stored[index])) {
      return { revision: revision + ids.length };
    }
    const startsOtherwise = ids.length > 0 && ids[0] !== stored[0];
    return expected === 'no_stream' && this.softDeleted && startsOtherwise ? 'write' : 'wrong-version';
  }
}

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const STREAMS = 3;
const expectation: fc.Arbitrary<AppendExpectedRevision> = fc.oneof(
  fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const),
  fc.bigInt(0n, 6n),
);
const streamNumber = fc.nat(STREAMS - 1);
const appendStep = fc.record({
  kind: fc.constant('append' as const),
  stream: streamNumber,
  expected: expectation,
  // Few distinct ids, so that histories repeat and mix them.
  ids: fc.array(fc.nat(7), { maxLength: 3 }),
  unary: fc.boolean(),
});
const deleteStep = fc.record({ kind: fc.constant('delete' as const), stream: streamNumber });
const tombstoneStep = fc.record({ kind: fc.constant('tombstone' as const), stream: streamNumber });
const history = fc.array(
  fc.oneof({ weight: 12, arbitrary: appendStep }, { weight: 2, arbitrary: deleteStep }, { weight: 1, arbitrary: tombstoneStep }),
  { minLength: 1, maxLength: 25 },
);

async function answerOf(attempt: Promise<{ nextExpectedRevision?: bigint }>): Promise<Answer> {
  try {
    const { nextExpectedRevision } = await attempt;
    return { revision: Number(nextExpectedRevision) };
  } catch (error) {
    if (error instanceof WrongExpectedVersionError) return 'wrong-version';
    if (error instanceof StreamDeletedError) return 'deleted';
    throw error;
  }
}

async function readIds(stream: string): Promise<string[] | 'missing' | 'deleted'> {
  try {
    return (await readAllOf(server.client, stream)).map(({ event }) => event!.id);
  } catch (error) {
    if (error instanceof StreamNotFoundError) return 'missing';
    if (error instanceof StreamDeletedError) return 'deleted';
    throw error;
  }
}

test('any history of appends and deletes is answered and stored as the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const marker = jsonEvent({ type: 'Start', data: {} });
      const { position: start } = await server.client.appendToStream(`start-${randomUUID()}`, marker);
      const names = Array.from({ length: STREAMS }, () => `model-${randomUUID()}`);
      const ids = Array.from({ length: 8 }, () => randomUUID() as string);
      const models = names.map(() => new ModelStream());
      const lastHome = new Map<string, { stream: ModelStream; revision: number }>();
      for (const step of steps) {
        const model = models[step.stream]!;
        const name = names[step.stream]!;
        if (step.kind === 'append') {
          const chosen = step.ids.map((n) => ids[n]!);
          const batch = chosen.map((id) => jsonEvent({ id, type: 'Modelled', data: {} }));
          const options = { expectedRevision: step.expected, ...(step.unary && { credentials: server.credentials }) };
          const expected = model.append(step.expected, chosen, lastHome);
          const actual = await answerOf(server.client.appendToStream(name, batch, options));
          // Both answer forms of an empty stream that nothing was written to read as 0 in the client.
          const empty = model.last < 0 && chosen.length === 0 && typeof expected === 'object';
          expect(actual).toEqual(empty ? { revision: 0 } : expected);
        } else if (step.kind === 'delete') {
          const expected = model.delete();
          const actual = await answerOf(
            server.client.deleteStream(name).then(() => ({ nextExpectedRevision: BigInt(model.last) })),
          );
          expect(actual).toEqual(expected);
        } else {
          const expected: Answer = model.tombstoned ? 'deleted' : { revision: 0 };
          const actual = await answerOf(server.client.tombstoneStream(name).then(() => ({ nextExpectedRevision: 0n })));
          model.tombstoned = true;
          expect(actual).toEqual(expected);
        }
      }
      for (const [index, model] of models.entries()) {
        const visible = model.last < 0 || model.softDeleted ? 'missing' : model.ids.slice(model.from);
        expect(await readIds(names[index]!)).toEqual(model.tombstoned ? 'deleted' : visible);
      }
      const log = await readLog(server.client, { fromPosition: start });
      for (const [index, model] of models.entries()) {
        const appended = log.filter(({ streamId, type }) => streamId === names[index] && type === 'Modelled');
        expect(appended.map(({ id }) => id)).toEqual(model.ids);
      }
    }),
    { numRuns: Number(process.env.MODEL_RUNS ?? 80) },
  );
}, 60_000);
