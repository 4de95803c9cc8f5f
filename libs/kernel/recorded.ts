import type { StoredEvent } from '../event-store/port.js';
import type { EventTime } from './decider.js';
import type { DomainEvent, EventMetadata, RecordedEvent } from './event.js';
import type { UpcasterRegistry } from './upcasters.js';

/**
 * A stored event in today's shape.
 *
 * @throws Error when it was not written by this system (no metadata of ours) or is newer than this program understands.
 */
export function recorded<E extends DomainEvent = DomainEvent>(event: StoredEvent, upcasters: UpcasterRegistry): RecordedEvent<E> {
  const metadata = event.metadata as Partial<EventMetadata> | undefined;
  if (!metadata?.chain || !metadata.actor || !metadata.occurredAt || !metadata.schemaVersion)
    throw new Error(`Event ${event.id} (${event.type}) in ${event.stream} was not written by this system`);
  return {
    id: event.id,
    stream: event.stream,
    revision: event.revision,
    position: event.position,
    type: event.type,
    data: upcasters.upcast(event.type, metadata.schemaVersion, event.data) as E['data'],
    metadata: metadata as EventMetadata,
  };
}

export function eventTime(event: Pick<RecordedEvent, 'id' | 'metadata'>): EventTime {
  return { occurredAt: Date.parse(event.metadata.occurredAt), actor: event.metadata.actor, eventId: event.id };
}
