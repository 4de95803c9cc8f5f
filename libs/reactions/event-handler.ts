import type { EventStore, StoredEvent } from '@huicai/event-store';
import {
  type AnyReaction,
  type CommandContext,
  type Consequence,
  eventTime,
  type RecordedEvent,
  Refusal,
  recorded,
  type StreamFold,
  systemCommandId,
  type UpcasterRegistry,
} from '@huicai/kernel';
import { isOutage } from '@huicai/projections';
import { errorText } from './failures.js';

/** What a command of a reaction is sent with: an id made of the event, the event as its cause, the event's correlation. */
export type ReactionContext = Pick<CommandContext, 'commandId' | 'correlationId' | 'causationId' | 'reasonCode'>;

export interface EventHandlerOptions {
  readonly reaction: AnyReaction;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly upcasters: UpcasterRegistry;
  /** Sends a command to its end. Sending it again under the same id must not do it again. */
  readonly send: (consequence: Consequence, context: ReactionContext) => Promise<unknown>;
  readonly log: (line: string) => void;
}

/** What came of an event. */
export type Outcome = 'nothing' | 'sent' | { readonly error: string };

/** Does what a reaction makes of one event. */
export class EventHandler {
  constructor(private readonly options: EventHandlerOptions) {}

  /** Takes one event to its end. @throws what says that a server is away */
  async handle(stored: StoredEvent): Promise<Outcome> {
    try {
      const event = recorded(stored, this.options.upcasters);
      const { reaction } = this.options;
      const fold = reaction.asks?.(event) as StreamFold<unknown> | undefined;
      const consequences = reaction.react(event, fold && (await this.factsAt(fold, event)));
      for (const [index, consequence] of consequences.entries()) await this.send(event, consequence, index);
      return consequences.length === 0 ? 'nothing' : 'sent';
    } catch (error) {
      if (isAway(error)) throw error;
      return { error: errorText(error) };
    }
  }

  /** Folds a stream up to an event of the log, so that the answer is the same whenever it is asked for. */
  private async factsAt({ stream, initial, fold }: StreamFold<unknown>, { position }: RecordedEvent): Promise<unknown> {
    let state = initial;
    for await (const stored of this.options.store.readStream(stream)) {
      if (stored.position > position) continue;
      const event = recorded(stored, this.options.upcasters);
      state = fold(state, { type: event.type, data: event.data } as never, eventTime(event));
    }
    return state;
  }

  private async send(event: RecordedEvent, consequence: Consequence, index: number): Promise<void> {
    try {
      await this.options.send(consequence, {
        commandId: systemCommandId('reaction', this.options.reaction.name, event.id, index),
        correlationId: event.metadata.$correlationId,
        causationId: event.id,
        ...(consequence.reasonCode === undefined ? {} : { reasonCode: consequence.reasonCode }),
      });
    } catch (error) {
      // The rulebook says that the step is not possible any more: the world has moved on since the event, as it may.
      if (!(error instanceof Refusal && error.kind === 'illegal')) throw error;
      const { aggregate, id, command } = consequence;
      this.options.log(
        `reaction ${this.options.reaction.name}: ${command.type} for ${aggregate} ${id} no longer applies: ${error.code}`,
      );
    }
  }
}

/** A server is away, or what became of a command can not be told: the same work is done again, however often. */
export const isAway = (error: unknown): boolean => isOutage(error) || (error instanceof Refusal && error.kind === 'unavailable');
