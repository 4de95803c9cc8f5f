/** What a rulebook decides: a fact, not yet recorded. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/** People act in one of the office's roles; `system` is timers, reactions, reference data and the seed, and never comes from a token. */
export type Role =
  | 'talent'
  | 'employer'
  | 'window'
  | 'department'
  | 'specialist'
  | 'supervisor'
  | 'auditor'
  | 'venue'
  | 'admin'
  | 'system';

export interface Actor {
  readonly id: string;
  readonly role: Role;
  readonly onBehalfOf?: string;
}

/** Keyed hash of the command's body; `k` names the key, so that a repeat can be compared as long as that key lives. */
export interface CommandHash {
  readonly k: string;
  readonly v: string;
}

export interface ChainLink {
  readonly alg: 'sha256-jcs-1';
  /** Hash of the previous event of the stream; 64 zeros at revision 0. */
  readonly prev: string;
  readonly hash: string;
}

export interface EventMetadata {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly commandId: string;
  readonly commandHash: CommandHash;
  readonly actor: Actor;
  readonly reasonCode?: string;
  readonly schemaVersion: number;
  /** Business time, ISO 8601 UTC with milliseconds. */
  readonly occurredAt: string;
  /** The recording process's clock when it first tried, ISO 8601 UTC with milliseconds. */
  readonly recordedAt: string;
  /** The event was loaded later than it happened (reference year, migration). */
  readonly backfill?: true;
  readonly chain: ChainLink;
}

/** An event as read back from the store, upcast to today's shape. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  /** Commit position in `$all`; meaningless in another store, never to be computed with. */
  readonly position: bigint;
  readonly type: E['type'];
  readonly data: E['data'];
  readonly metadata: EventMetadata;
}

/** A union of recorded events that narrows on `type`. */
export type Recorded<E extends DomainEvent> = E extends DomainEvent ? RecordedEvent<E> : never;

/** Instant of an event in business time, epoch milliseconds. */
export function occurredAt(event: { metadata: Pick<EventMetadata, 'occurredAt'> }): number {
  return Date.parse(event.metadata.occurredAt);
}
