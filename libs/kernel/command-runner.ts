import { randomUUID } from 'node:crypto';
import type { EventStore, NewEvent } from '../event-store/port.js';
import { canonical } from './canonical.js';
import { CHAIN_START, chainLink } from './chain.js';
import type { Clock } from './clock.js';
import type { BaseFacts, Command, Decider } from './decider.js';
import { Refusal } from './errors.js';
import type { Actor, CommandHash, DomainEvent, EventMetadata, RecordedEvent } from './event.js';
import { eventIdOf } from './ids.js';
import { eventTime, recorded } from './recorded.js';
import type { UpcasterRegistry } from './upcasters.js';

/** Everything about a command but its content: who, why, under which id, on which state of the aggregate. */
export interface CommandContext {
  readonly commandId: string;
  readonly commandHash: CommandHash;
  readonly actor: Actor;
  readonly correlationId: string;
  /** Left out for a person's command, whose cause is the command itself; the triggering event's id for reactions and timers. */
  readonly causationId?: string;
  readonly reasonCode?: string;
  /** Revision the caller saw last. Events of the system itself that came since do not count against it. */
  readonly ifMatch?: bigint;
  /** Business time in epoch milliseconds when it is not now: a late fact, a backfill, a timer's due. */
  readonly occurredAt?: number;
  readonly backfill?: boolean;
}

/** An event of a command's answer; only the position of the last one is known from an append. */
export type AnsweredEvent<E extends DomainEvent = DomainEvent> = Omit<RecordedEvent<E>, 'position'>;

export interface CommandResult<E extends DomainEvent = DomainEvent> {
  readonly stream: string;
  /** What this command recorded; empty when it changed nothing. */
  readonly events: readonly AnsweredEvent<E>[];
  /** Revision after this command; -1 when the stream does not exist. */
  readonly revision: bigint;
  /** Commit position of the command's last event; undefined when it changed nothing. */
  readonly position: bigint | undefined;
  /** True when the command had been recorded before and this is the first answer again. */
  readonly repeated: boolean;
}

export interface CommandRunnerOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly upcasters: UpcasterRegistry;
  /** Compares the hash kept with a command's events with that of its repetition; `key-gone` when its key was destroyed. */
  readonly sameCommand: (kept: CommandHash, now: CommandHash) => boolean | 'key-gone';
  /** Names one attempt at a command, never the same twice, unless nobody else can be sending the same command. */
  readonly attempt?: () => string;
  readonly conflictRetries?: number;
  /** How long an append of unknown outcome is sent again, milliseconds. */
  readonly resendForMs?: number;
}

interface Loaded<E extends DomainEvent, S> {
  state: S;
  revision: bigint;
  lastHash: string;
  /** Business time of the latest event, epoch milliseconds. */
  lastOccurred: number;
  /** Last revision written by a person's command. */
  lastPersonal: bigint;
  own: RecordedEvent<E>[];
}

/** Takes a command through its rulebook into the store: once, at an exact revision, whatever fails on the way. */
export class CommandRunner {
  constructor(private readonly options: CommandRunnerOptions) {}

  /**
   * @param loadFacts is asked after the repeat check and again after every conflict.
   * @throws Refusal of the rulebook, `stale-version`, `idempotency-key-reused` or `conflict`; StoreUnavailableError.
   */
  async run<C extends Command, E extends DomainEvent, S, F extends BaseFacts>(
    decider: Decider<C, E, S, F>,
    stream: string,
    command: C,
    context: CommandContext,
    loadFacts: (state: S, base: BaseFacts) => F | Promise<F>,
  ): Promise<CommandResult<E>> {
    const recordedAt = this.options.clock.now();
    const retries = this.options.conflictRetries ?? 3;
    for (let attempt = 0; ; attempt++) {
      const loaded = await this.load(decider, stream, context.commandId);
      if (loaded.own.length > 0) return this.answerAgain(stream, loaded.own, context);
      checkVersion(loaded, context.ifMatch);
      // Clocks of two processes differ a little; within one stream business time never runs backwards by itself.
      const occurredAt = context.occurredAt ?? Math.max(recordedAt, loaded.lastOccurred);
      const late = context.occurredAt === undefined ? {} : { recordedAt };
      const base = { now: occurredAt, actor: context.actor, ...late };
      const decided = decider.decide(command, loaded.state, await loadFacts(loaded.state, base));
      if (decided.length === 0) return { stream, events: [], revision: loaded.revision, position: undefined, repeated: false };
      const batch = this.buildBatch(stream, loaded, decided, context, { occurredAt, recordedAt });
      const result = await this.appendUntilKnown(decider, stream, loaded.revision, batch, context);
      if (result !== 'conflict') return result;
      if (attempt >= retries) throw new Refusal('conflict', 'conflict', { params: { attempts: attempt + 1 } });
      await pause(Math.random() * 20 * 2 ** attempt);
    }
  }

  private async load<C extends Command, E extends DomainEvent, S, F extends BaseFacts>(
    decider: Decider<C, E, S, F>,
    stream: string,
    commandId: string,
  ): Promise<Loaded<E, S>> {
    const loaded: Loaded<E, S> = {
      state: decider.initialState(),
      revision: -1n,
      lastHash: CHAIN_START,
      lastOccurred: 0,
      lastPersonal: -1n,
      own: [],
    };
    for await (const stored of this.options.store.readStream(stream)) {
      const event = recorded<E>(stored, this.options.upcasters);
      // A stream cut short by its metadata would give half a state.
      if (event.revision !== loaded.revision + 1n) throw new Error(`${stream} does not begin at revision 0 or has a gap`);
      loaded.state = decider.evolve(loaded.state, { type: event.type, data: event.data } as E, eventTime(event));
      loaded.revision = event.revision;
      loaded.lastHash = event.metadata.chain.hash;
      loaded.lastOccurred = Math.max(loaded.lastOccurred, Date.parse(event.metadata.occurredAt));
      if (event.metadata.actor.role !== 'system') loaded.lastPersonal = event.revision;
      if (event.metadata.commandId === commandId) loaded.own.push(event);
    }
    return loaded;
  }

  private answerAgain<E extends DomainEvent>(stream: string, own: RecordedEvent<E>[], context: CommandContext): CommandResult<E> {
    const last = own[own.length - 1]!;
    if (this.options.sameCommand(last.metadata.commandHash, context.commandHash) === false)
      throw new Refusal('mismatch', 'idempotency-key-reused', { field: 'Idempotency-Key' });
    const events = own.map(({ position: _, ...event }) => event as AnsweredEvent<E>);
    return { stream, events, revision: last.revision, position: last.position, repeated: true };
  }

  /** Sends the same bytes until the outcome is known; anything but a plain first success is settled by looking. */
  private async appendUntilKnown<C extends Command, E extends DomainEvent, S, F extends BaseFacts>(
    decider: Decider<C, E, S, F>,
    stream: string,
    revision: bigint,
    batch: readonly NewEvent[],
    context: CommandContext,
  ): Promise<CommandResult<E> | 'conflict'> {
    const deadline = Date.now() + (this.options.resendForMs ?? 30_000);
    for (let tries = 1; ; tries++) {
      const result = await this.options.store.append(stream, revision < 0n ? 'no_stream' : revision, batch);
      if (result.outcome === 'appended' && tries === 1) return freshResult(stream, revision, batch, result.position);
      if (result.outcome !== 'unknown') {
        const { own } = await this.load(decider, stream, context.commandId);
        // Found at the first try, they were recorded by somebody else who sent the same command.
        if (own.length > 0) return { ...this.answerAgain(stream, own, context), repeated: tries === 1 };
        return 'conflict';
      }
      if (Date.now() > deadline) throw new Refusal('unavailable', 'outcome-unknown', { params: { tries } });
      await pause(Math.min(1_000, 50 * 2 ** tries) * (0.5 + Math.random() / 2));
    }
  }

  private buildBatch<E extends DomainEvent, S>(
    stream: string,
    loaded: Loaded<E, S>,
    decided: readonly E[],
    context: CommandContext,
    times: { readonly occurredAt: number; readonly recordedAt: number },
  ): NewEvent[] {
    const attempt = (this.options.attempt ?? randomUUID)();
    let prev = loaded.lastHash;
    return decided.map((event, index) => {
      const id = eventIdOf(context.commandId, attempt, index);
      const metadata = canonical({
        $correlationId: context.correlationId,
        $causationId: context.causationId ?? context.commandId,
        commandId: context.commandId,
        commandHash: context.commandHash,
        actor: context.actor,
        reasonCode: context.reasonCode,
        schemaVersion: this.options.upcasters.current(event.type),
        occurredAt: new Date(times.occurredAt).toISOString(),
        recordedAt: new Date(times.recordedAt).toISOString(),
        backfill: context.backfill ? (true as const) : undefined,
      });
      const data = canonical(event.data);
      const revision = loaded.revision + 1n + BigInt(index);
      const chain = chainLink({ stream, revision, id, type: event.type, data, metadata }, prev);
      prev = chain.hash;
      return { id, type: event.type, data, metadata: canonical({ ...metadata, chain }) };
    });
  }
}

function checkVersion(loaded: { revision: bigint; lastPersonal: bigint }, ifMatch: bigint | undefined): void {
  if (ifMatch === undefined) return;
  // A breach noted by a timer since the caller looked commutes with whatever the caller wants.
  if (ifMatch <= loaded.revision && ifMatch >= loaded.lastPersonal) return;
  throw new Refusal('stale', 'stale-version', { field: 'If-Match', extra: { currentVersion: loaded.revision.toString() } });
}

function freshResult<E extends DomainEvent>(
  stream: string,
  before: bigint,
  batch: readonly NewEvent[],
  position: bigint,
): CommandResult<E> {
  const events = batch.map((event, index) => ({
    id: event.id,
    stream,
    revision: before + 1n + BigInt(index),
    type: event.type,
    data: event.data,
    metadata: event.metadata as EventMetadata,
  }));
  return { stream, events, revision: before + BigInt(batch.length), position, repeated: false };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
