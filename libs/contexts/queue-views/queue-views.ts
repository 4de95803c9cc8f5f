import { type BaseFacts, type Decider, forbidden, illegal, member, notFound } from '@huicai/kernel';
import type { QueueViewCommand, QueueViewContent, QueueViewEvent } from './contract.js';

/** The views of one account by their ids, with what they are called. */
export type QueueViewNames = Readonly<Record<string, string>>;

export interface QueueViewRuleFacts extends BaseFacts {
  /** The owner's department; null for those who have none. */
  readonly departmentId: string | null;
}

export const MOST_QUEUE_VIEWS = 50;

/** Filters of the queue that an account keeps under names of its own. */
export const queueViews: Decider<QueueViewCommand, QueueViewEvent, QueueViewNames, QueueViewRuleFacts> = {
  aggregate: 'queueViews',
  initialState: () => ({}),
  evolve: (state, event) => {
    const { [event.data.viewId]: _, ...others } = state;
    return event.type === 'QueueViewRemoved' ? others : { ...others, [event.data.viewId]: event.data.name };
  },
  decide: (command, state, facts) => {
    const { viewId } = command.data;
    switch (command.type) {
      case 'SaveQueueView':
        if (Object.keys(state).length >= MOST_QUEUE_VIEWS)
          throw illegal('too-many-queue-views', { params: { max: MOST_QUEUE_VIEWS } });
        return [{ type: 'QueueViewSaved', data: kept(command.data, state, facts) }];
      case 'ChangeQueueView':
        checkThere(state, viewId);
        return [{ type: 'QueueViewChanged', data: kept(command.data, state, facts) }];
      case 'RemoveQueueView':
        checkThere(state, viewId);
        return [{ type: 'QueueViewRemoved', data: { viewId } }];
    }
  },
};

/** Whoever looks for the view of another finds none among their own. */
function checkThere(state: QueueViewNames, viewId: string): void {
  if (member(state, viewId) === undefined) throw notFound('queue-view-not-found');
}

function kept(
  view: QueueViewContent & { readonly viewId: string },
  state: QueueViewNames,
  { actor, departmentId }: QueueViewRuleFacts,
) {
  const taken = Object.entries(state).some(([id, name]) => id !== view.viewId && name === view.name);
  if (taken) throw illegal('queue-view-name-taken', { field: 'name' });
  if (view.sharedWith === 'EVERYONE' && actor.role !== 'supervisor')
    throw forbidden('only-supervisors-share-with-everyone', { field: 'sharedWith' });
  if (view.sharedWith === 'DEPARTMENT' && departmentId === null) throw forbidden('department-unknown', { field: 'sharedWith' });
  return { ...view, departmentId: view.sharedWith === 'DEPARTMENT' ? departmentId : null };
}
