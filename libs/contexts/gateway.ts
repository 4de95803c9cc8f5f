import type { Command, CommandContext, CommandResult, RecordedEvent, Role } from '@huicai/kernel';
import type { Vault } from '@huicai/vault';

/** Who sends a command, with the affiliations their token or account names. */
export interface Caller {
  readonly id: string;
  readonly role: Role;
  readonly talentId?: string;
  readonly departmentId?: string;
  readonly specialistId?: string;
  readonly employerId?: string;
}

/** Everything about a command but what it says: its id, its correlation, the state it was made on. */
export type CommandMeta = Omit<CommandContext, 'actor' | 'commandHash'>;

export interface SentCommand {
  readonly aggregate: string;
  readonly id: string;
  readonly command: Command;
  readonly caller: Caller;
  readonly context: Omit<CommandContext, 'actor'>;
  /** Runs once it is known that the command is new and before it is decided: what must be durable before the first event. */
  readonly prepare?: () => Promise<void>;
}

/** What an intake needs of the running system: the vault, a way to send, a way to look into a stream. */
export interface Gateway {
  readonly vault: Vault;
  exists(stream: string): Promise<boolean>;
  /** A stream from its start; empty when there is no such stream. */
  events(stream: string): AsyncIterable<RecordedEvent>;
  send(sent: SentCommand): Promise<CommandResult>;
  /**
   * Runs work after that of everyone else who takes turns, once these views hold all that was recorded before, or after a while.
   *
   * @throws Refusal `assignment-busy` when the turn does not come; whatever the work throws
   */
  inTurn<T>(views: readonly string[], work: () => Promise<T>): Promise<T>;
}
