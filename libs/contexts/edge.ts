import type { StoredEvent } from '@huicai/event-store';
import type { Answer, Language, RequestState } from '@huicai/http';
import type { CommandResult, RecordedEvent } from '@huicai/kernel';
import type { Queryable } from '@huicai/projections';
import type { IndexField, OpenDeepOptions } from '@huicai/vault';
import type { ClockState } from '@huicai/working-time';
import { Command, Query } from '@nestjs/cqrs';
import type { CalendarFacts, TimeReference } from './calendar/facts.js';
import type { CaseFacts } from './cases/facts.js';
import type { ChannelFacts } from './channels/facts.js';
import type { Caller, CommandMeta, Gateway } from './gateway.js';
import type { SavedView } from './queue-views/facts.js';
import type { TalentFacts } from './talents/facts.js';

/** What a command's way in may use: the gateway, the caller, and the beginning of a stream. */
export interface CommandSide {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly meta: CommandMeta;
  /** The event that began a stream; undefined when there is none. */
  firstEvent(stream: string): Promise<RecordedEvent | undefined>;
}

/** How the outcome of a command is told. */
export interface Outcome {
  /** Id of what the command was about; for a creation, of what it made. */
  readonly id: (result: CommandResult) => string;
  /** Where what was made can be read; only creations have it. */
  readonly location?: (id: string) => string;
  /** What else is worth telling of the recorded events. */
  readonly also?: (events: CommandResult['events']) => Record<string, unknown>;
}

/** A command on its way to its intake. */
export class RunCommand extends Command<Answer> {
  constructor(
    readonly request: RequestState,
    readonly outcome: Outcome,
    readonly run: (side: CommandSide) => Promise<CommandResult>,
    /** What changed since a revision, for somebody who acted on what they had seen at it. */
    readonly changedSince?: (reads: Reads, revision: bigint) => Promise<readonly object[]>,
  ) {
    super();
  }
}

/** A talent as other contexts show them. */
export interface TalentCard {
  readonly talentId: string;
  readonly facts: TalentFacts;
}

/** What pages of one context show of the others. */
export interface Directory {
  talent(talentId: string): Promise<TalentCard | undefined>;
  caseFacts(caseId: string): Promise<CaseFacts | undefined>;
  /** The talent a card of this number was issued to. */
  holderOfCard(number: string): Promise<string | undefined>;
  primarySpecialistOf(talentId: string): Promise<string | undefined>;
  /** Whether the caller's department, or the caller as a specialist, has an open case of the talent. */
  handlesCaseOf(talentId: string): Promise<boolean>;
  network(): Promise<ChannelFacts>;
  /** Names of the items of a version of the service list, by code. */
  itemNames(catalogueVersion: string): Promise<ReadonlyMap<string, string>>;
  /** What tags are or were called last, by code. */
  tagNames(): Promise<ReadonlyMap<string, string>>;
  /** Saved views of the queue that the caller finds, their own first. */
  queueViews(): Promise<readonly SavedView[]>;
  /** Names all items of the service list have or had, with their codes. */
  everyItemName(): Promise<readonly { readonly code: string; readonly name: string }[]>;
}

/** What a question may use, for one caller. */
export interface Reads {
  readonly db: Queryable;
  readonly caller: Caller;
  readonly language: Language;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly directory: Directory;
  /** The caller's department: a specialist's by enrolment, anyone else's by token. @throws Refusal `department-unknown` */
  department(): Promise<string>;
  /** Calendar and policy as far as these clocks need them. */
  timeOf(clocks: readonly ClockState[]): Promise<TimeReference>;
  /** A calendar with all its versions; none when there is no such calendar. */
  calendar(calendarId: string): Promise<CalendarFacts>;
  /** A stream in today's shape of its events; empty when there is none. */
  events(stream: string): AsyncIterable<RecordedEvent>;
  /** A stream as the store holds it. */
  stored(stream: string): AsyncIterable<StoredEvent>;
  /** Opens what the caller may see, and writes down whose data it was before anything is answered. */
  open<T>(value: unknown, options: Opening): Promise<T>;
  /** Ids of subjects that have or once had a value; hits need confirming. */
  find(field: IndexField, value: string): Promise<string[]>;
}

export interface Opening extends Omit<OpenDeepOptions, 'expected'> {
  /** The context the envelopes were made in, ending in `/`. */
  readonly expected: string;
  /** What is read, by ids alone: `cases/<id>`. */
  readonly resource: string;
}

/** What was found, with the revision it is at when it is one aggregate. */
export interface Found {
  readonly body: unknown;
  readonly revision?: string;
  /** See {@link Answer.movesOn}. */
  readonly movesOn?: boolean;
  /** Content type of a body that is a stream. */
  readonly type?: string;
  /** What a browser is to keep it under. */
  readonly filename?: string;
}

/** A question to the read models. */
export class Ask extends Query<Answer> {
  /**
   * @param projections the views the answer is made of; the oldest of them dates it
   * @param only of which partition alone rows are shown, for views where it is one: others that are parked do not concern the reader
   */
  constructor(
    readonly request: RequestState,
    readonly projections: readonly string[],
    readonly find: (reads: Reads) => Promise<Found>,
    readonly only: Readonly<Record<string, string>> = {},
  ) {
    super();
  }
}
