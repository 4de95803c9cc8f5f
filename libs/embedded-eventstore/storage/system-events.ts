import { type NewEvent, newEventId } from './new-event.js';

/** Events a fresh EventStoreDB writes about its built-in users; consumers of $all meet them in production too. */
export function systemEvents(): { stream: string; event: NewEvent }[] {
  const users = [
    { stream: '$user-admin', LoginName: 'admin', FullName: 'Event Store Administrator', Groups: ['$admins'] },
    { stream: '$user-ops', LoginName: 'ops', FullName: 'Event Store Operations', Groups: ['$ops'] },
  ];
  return [
    ...users.map(({ stream, ...user }) => ({ stream, event: jsonEvent('$UserCreated', { ...user, Disabled: false }) })),
    { stream: '$users', event: jsonEvent('$User', 'admin') },
  ];
}

function jsonEvent(type: string, data: unknown): NewEvent {
  return {
    id: newEventId(),
    type,
    isJson: true,
    customMetadata: Buffer.alloc(0),
    data: Buffer.from(JSON.stringify(data)),
  };
}
