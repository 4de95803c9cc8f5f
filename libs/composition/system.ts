import { createDataSource } from '@huicai/database';
import { type ConnectedEventStore, connectEventStore, type EventStoreObserver } from '@huicai/event-store';
import {
  type BaseFacts,
  type Clock,
  type Command,
  type CommandContext,
  type CommandResult,
  CommandRunner,
  type Decider,
  type DomainEvent,
  type RecordedEvent,
  recorded,
  streamName,
  systemClock,
  UpcasterRegistry,
} from '@huicai/kernel';
import { createReadPool, createWritePool } from '@huicai/projections';
import { readKek, sameCommand, Vault } from '@huicai/vault';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { Caller, Gateway, SentCommand } from '../contexts/gateway.js';
import { AdvisoryFacts } from './advisory.js';
import { CaseNumbers } from './case-numbers.js';
import { type Aggregate, type Binding, bindings, type CommandOf, type Ports } from './commands.js';
import { FactSources } from './facts.js';
import { eventTypes } from './flows.js';
import { Turns } from './in-turn.js';
import { storeIdentity } from './store-identity.js';

/** Today's events are all of version 1. */
export const upcasters = new UpcasterRegistry({});

export interface SystemSettings {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly kekFile: string;
  readonly clock?: Clock;
  readonly maxConnections?: number;
  /** See {@link CommandRunner}; fixed when one process plays a year whose event ids must come out the same. */
  readonly attempt?: () => string;
  /** Told how the connection to the event store stands and what is done with it. */
  readonly observer?: EventStoreObserver;
}

/** A command on its way: what, to which aggregate, from whom. */
export interface Sent<A extends Aggregate = Aggregate> {
  readonly aggregate: A;
  readonly id: string;
  readonly command: CommandOf<A>;
  readonly caller: Caller;
  readonly context: SentCommand['context'];
  readonly prepare?: SentCommand['prepare'];
}

/** The running parts every process of the system shares. */
export class HuicaiSystem implements Gateway {
  private turns: Turns | undefined;

  private constructor(
    readonly store: ConnectedEventStore,
    readonly pool: Pool,
    /** For those who keep read models. */
    readonly writePool: Pool,
    readonly dataSource: DataSource,
    readonly vault: Vault,
    readonly runner: CommandRunner,
    readonly facts: FactSources,
    readonly clock: Clock,
    readonly storeId: string,
    private numbers: Ports['numbers'],
  ) {}

  /** @throws when PostgreSQL or the store can not be reached, the key file is not the vault's, or the upcasters do not fit the events */
  static async open(settings: SystemSettings): Promise<HuicaiSystem> {
    upcasters.check(eventTypes);
    const clock = settings.clock ?? systemClock;
    const store = connectEventStore(settings.eventStoreUrl, settings.observer ? { observer: settings.observer } : {});
    const pool = createReadPool(settings.databaseUrl, settings.maxConnections ?? 10);
    const writePool = createWritePool(settings.databaseUrl);
    const dataSource = createDataSource(settings.databaseUrl, { max: settings.maxConnections ?? 10 });
    try {
      await dataSource.initialize();
      const vault = await Vault.open(dataSource, await readKek(settings.kekFile));
      const runner = new CommandRunner({
        store,
        clock,
        upcasters,
        sameCommand,
        ...(settings.attempt ? { attempt: settings.attempt } : {}),
      });
      const storeId = await storeIdentity(store, runner);
      const facts = new FactSources(store, upcasters);
      return new HuicaiSystem(store, pool, writePool, dataSource, vault, runner, facts, clock, storeId, new CaseNumbers(runner));
    } catch (error) {
      await Promise.allSettled([store.close(), pool.end(), dataSource.isInitialized ? dataSource.destroy() : undefined]);
      throw error;
    }
  }

  /** Goes by the reference data as first found, as the reference year does: it is to come out the same whatever is published meanwhile. */
  holdReferenceData(): void {
    this.facts.hold();
  }

  /** Takes case numbers from elsewhere, as the reference year does. */
  useNumbers(numbers: Ports['numbers']): void {
    this.numbers = numbers;
  }

  /** Runs a command to its end. @throws Refusal, StoreUnavailableError */
  send<A extends Aggregate>({ aggregate, id, command, caller, context, prepare }: Sent<A>): Promise<CommandResult> {
    const { decider, facts } = bindings[aggregate] as unknown as Binding<Command, DomainEvent, unknown, BaseFacts>;
    const ports: Ports = { facts: this.facts, numbers: this.numbers, advisory: new AdvisoryFacts(this.pool) };
    const full: CommandContext = { ...context, actor: { id: caller.id, role: caller.role } };
    return this.runner.run(
      decider as Decider<Command, DomainEvent, unknown, BaseFacts>,
      streamName(aggregate, id),
      command as Command,
      full,
      async (state, base) => {
        await prepare?.();
        return facts(ports, base, { id, command: command as Command, caller, state });
      },
    );
  }

  exists(stream: string): Promise<boolean> {
    return this.facts.exists(stream);
  }

  async *events(stream: string): AsyncIterable<RecordedEvent> {
    for await (const stored of this.store.readStream(stream)) yield recorded(stored, upcasters);
  }

  /** See {@link Turns.take}. */
  inTurn<T>(views: readonly string[], work: () => Promise<T>): Promise<T> {
    this.turns ??= new Turns(this.pool, this.store);
    return this.turns.take(views, work);
  }

  /** Whether a command has left events in its aggregate's stream. */
  async hasRecorded(aggregate: Aggregate, id: string, commandId: string): Promise<boolean> {
    for await (const event of this.store.readStream(streamName(aggregate, id)))
      if ((event.metadata as { commandId?: string } | undefined)?.commandId === commandId) return true;
    return false;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.store.close(), this.pool.end(), this.writePool.end(), this.dataSource.destroy()]);
  }
}
