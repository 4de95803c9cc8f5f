import { createHash, randomUUID } from 'node:crypto';
import {
  ANY,
  type AppendExpectedRevision,
  CancelledError,
  type EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  UnavailableError,
} from '@eventstore/db-client';
import fc from 'fast-check';

/** One append as it is sent, the first time and every time after. */
export interface Append {
  readonly key: string;
  readonly stream: string;
  readonly expected: AppendExpectedRevision;
  readonly ids: readonly string[];
  /** Characters that pad each event. */
  readonly fill: number;
  /** Revision and position of the last event, once the server has told them. */
  answer?: Answer;
}

export interface Answer {
  revision: bigint;
  position: bigint | undefined;
}

/** Unbiased numbers that a seed determines. */
export class Random {
  private readonly numbers: number[];
  private at = 0;

  constructor(seed: number) {
    this.numbers = fc.sample(fc.noBias(fc.maxSafeNat()), { seed, numRuns: 5000 });
  }

  /** An integer from `min` to `max`. */
  between(min: number, max: number): number {
    return min + (this.numbers[this.at++ % this.numbers.length]! % (max - min + 1));
  }
}

/** What an event of an append holds: enough to tell which append it is of, and whether it is whole. */
export function dataOf(append: Append, index: number) {
  return { append: append.key, index, of: append.ids.length, fill: 'x'.repeat(append.fill) };
}

/** Sends an append over the path with per-call credentials or over the client's one batch stream. @throws CommandError */
export async function send(client: EventStoreDBClient, append: Append, path: 'unary' | 'batch'): Promise<Answer> {
  const events = append.ids.map((id, index) => jsonEvent({ id, type: 'Written', data: dataOf(append, index) }));
  const credentials = path === 'unary' ? { credentials: { username: 'a', password: 'b' } } : {};
  const options = { expectedRevision: append.expected, ...credentials };
  const { nextExpectedRevision, position } = await client.appendToStream(append.stream, events, options);
  return { revision: nextExpectedRevision, position: position?.commit };
}

/** Is this what a client says of a server that has gone, or is going? */
export function isLoss(error: unknown): boolean {
  return error instanceof UnavailableError || error instanceof CancelledError;
}

/**
 * Writes one append after the other: of one, a few and a hundred events; on either path; to a stream of its own at the
 * exact revision, or to one shared with the others at any. What it could not learn the fate of it sends again, as it was.
 */
export class Writer {
  /** Sent, but not answered. */
  unsettled: Append | undefined;
  private readonly random: Random;
  private revision: bigint | typeof NO_STREAM = NO_STREAM;

  constructor(
    private readonly name: string,
    seed: number,
    private readonly ledger: Append[],
    /** Most characters that pad an event. */
    private readonly maxFill = 400,
  ) {
    this.random = new Random(seed);
  }

  /**
   * Writes until the server goes, or `isEnough`. @param gone rejects, or resolves, when the server has ended
   * @throws whatever an append is refused with for another reason than that the server goes
   */
  async write(client: EventStoreDBClient, gone: Promise<unknown>, isEnough: () => boolean = () => false): Promise<void> {
    // The client never settles an append begun just after its batch stream broke.
    const lost = gone.then(() => 'lost' as const);
    while (this.unsettled || !isEnough()) {
      const append = this.unsettled ?? this.next();
      this.unsettled = append;
      const path = this.random.between(0, 1) === 0 ? 'unary' : 'batch';
      const answer = await Promise.race([send(client, append, path).catch(lossOf), lost]);
      if (answer === 'lost') return;
      append.answer = answer;
      this.unsettled = undefined;
      if (append.expected !== ANY) this.revision = answer.revision;
    }
  }

  private next(): Append {
    const isOwn = this.random.between(0, 2) > 0;
    const append: Append = {
      key: `${this.name}/${this.ledger.length}`,
      stream: isOwn ? this.name : `shared-${this.random.between(0, 3)}`,
      expected: isOwn ? this.revision : ANY,
      ids: Array.from({ length: this.size() }, () => randomUUID()),
      fill: this.random.between(0, this.maxFill),
    };
    this.ledger.push(append);
    return append;
  }

  private size(): number {
    const kind = this.random.between(0, 9);
    if (kind === 0) return 100;
    return kind < 5 ? 1 : this.random.between(2, 9);
  }
}

function lossOf(error: unknown): 'lost' {
  if (isLoss(error)) return 'lost';
  throw error;
}

/** A seed from the environment, to repeat a run, or a new one. */
export function chosenSeed(): number {
  const given = process.env.HUICAI_SEED;
  return given === undefined ? createHash('sha256').update(randomUUID()).digest().readInt32BE() : Number(given);
}

/** Runs a test and names the seed when it fails. */
export async function withSeed(run: (seed: number) => Promise<void>): Promise<void> {
  const seed = chosenSeed();
  try {
    await run(seed);
  } catch (error) {
    process.stderr.write(`Failed with HUICAI_SEED=${seed}\n`);
    throw error;
  }
}
