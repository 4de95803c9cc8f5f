import { randomUUID } from 'node:crypto';
import { migrate } from '@huicai/database';
import type { StoredEvent } from '@huicai/event-store';
import {
  type Command,
  CommandRunner,
  type Consequence,
  type Decider,
  forbidden,
  illegal,
  type Reaction,
  reaction,
  streamName,
  systemClock,
} from '@huicai/kernel';
import { createReadPool } from '@huicai/projections';
import type { Pool } from 'pg';
import { createTestDatabase } from '../../test/support/database.js';
import { all, createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { STORE_ID, upcasters } from '../projections/toy.fixture.js';
import { EventFeed, type ReactionContext, ReactionRunner, type ReactionRunnerOptions } from './index.js';

interface NoteCommand extends Command {
  readonly type: 'TakeNote';
  readonly data: { readonly n: number; readonly text: string | null };
}
type NoteEvent = { readonly type: 'NoteTaken'; readonly data: NoteCommand['data'] };

/** A notebook that refuses some texts. */
const notebook: Decider<NoteCommand, NoteEvent, number> = {
  aggregate: 'note',
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: ({ data }) => {
    if (data.text === 'too late') throw illegal('illegal-step');
    if (data.text === 'not allowed') throw forbidden('role-not-allowed');
    return [{ type: 'NoteTaken', data }];
  },
};

type Sale = { readonly type: 'TicketSold'; readonly data: { readonly n: number; readonly text?: string } };

export const consequenceOf = (stream: string, n: number, text: string | null = null): Consequence<NoteCommand> => ({
  aggregate: 'note',
  id: stream.slice('ticket-'.length),
  command: { type: 'TakeNote', data: { n, text } },
});

/** Takes a note of every sale; of one that says "twice" two, and none of one that says "silent". */
export const takeNote = (more: Partial<Reaction<Sale, NoteCommand>> = {}): Reaction<Sale, NoteCommand> =>
  reaction<Sale, NoteCommand>({
    name: 'take-note-of-sale',
    react: ({ stream, data: { n, text = null } }) => {
      if (text === 'silent') return [];
      const one = consequenceOf(stream, n, text);
      return text === 'twice' ? [one, one] : [one];
    },
    ...more,
  });

export type Send = ReactionRunnerOptions['send'];

export interface RunningReaction {
  readonly lines: string[];
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** One event store and one database, on which reactions run. */
export class ToyRig {
  private readonly running: RunningReaction[] = [];

  private constructor(
    readonly events: TestEventStore,
    readonly databaseUrl: string,
    readonly pool: Pool,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(): Promise<ToyRig> {
    const [events, database] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), createTestDatabase()]);
    await migrate(database.url);
    return new ToyRig(events, database.url, createReadPool(database.url), database.drop);
  }

  get log() {
    return { store: this.events.store, storeId: STORE_ID, aggregates: new Set(['ticket', 'note']) };
  }

  /** Sends for real, through the command runner. */
  readonly send: Send = ({ aggregate, id, command }: Consequence, context: ReactionContext) =>
    new CommandRunner({ store: this.events.store, clock: systemClock, upcasters, sameCommand: () => true }).run(
      notebook,
      streamName(aggregate, id),
      command as NoteCommand,
      { ...context, commandHash: { k: 'none', v: '' }, actor: { id: 'reaction', role: 'system' } },
      (_, base) => base,
    );

  /** Lets a reaction run that reads the log for itself, looking often, until it is stopped. */
  react(more: Partial<ReactionRunnerOptions> = {}): RunningReaction {
    const ended = new AbortController();
    const lines: string[] = [];
    const types = ['TicketSold'];
    const runner = new ReactionRunner({
      ...this.log,
      reaction: takeNote(),
      types,
      pool: this.pool,
      upcasters,
      feed: new EventFeed({ aggregates: this.log.aggregates, types: new Set(types) }),
      send: this.send,
      held: async () => false,
      log: (line) => lines.push(line),
      retry: { attempts: 3, pauseMs: () => 0 },
      lookMs: 10,
      ...more,
    });
    const done = runner.run(ended.signal);
    done.catch(() => undefined);
    const running = {
      lines,
      done,
      stop: async () => {
        ended.abort();
        await done;
      },
    };
    this.running.push(running);
    return running;
  }

  /** Puts the reaction at the present end of the log, without a past. */
  async startHere(name = 'take-note-of-sale'): Promise<void> {
    await this.pool.query('truncate ops.reaction cascade');
    const [head] = await all(this.events.store.readAll({ backwards: true, maxCount: 1 }));
    await this.pool.query('insert into ops.reaction (name, store_id, position) values ($1, $2, $3)', [
      name,
      STORE_ID,
      head?.position.toString() ?? null,
    ]);
  }

  /** Stops whatever runs, however it fared. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.running.splice(0).map((one) => one.stop()));
  }

  /** A stream nobody has used, and the notes that are taken of it. */
  stream(): { readonly tickets: string; readonly notes: () => Promise<StoredEvent[]>; readonly texts: () => Promise<unknown[]> } {
    const id = randomUUID();
    const notes = () => all(this.events.store.readStream(`note-${id}`));
    return {
      tickets: `ticket-${id}`,
      notes,
      texts: async () => (await notes()).map(({ data }) => (data as NoteEvent['data']).text ?? (data as NoteEvent['data']).n),
    };
  }

  /** Waits until the reaction's checkpoint stands at or behind a position. */
  async reached(position: bigint, name = 'take-note-of-sale'): Promise<void> {
    await until(`the checkpoint at ${position}`, async () => {
      const { rows } = await this.pool.query('select 1 from ops.reaction where name = $1 and position >= $2', [
        name,
        position.toString(),
      ]);
      return rows.length > 0;
    });
  }

  async close(): Promise<void> {
    await this.quiet();
    await this.pool.end();
    await this.events.close();
    await this.drop();
  }
}
