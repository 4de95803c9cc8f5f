import { specOf } from '../../kernel/spec-dsl.js';
import type { QueueViewContent, QueueViewEvent, SharedWith } from './contract.js';
import { MOST_QUEUE_VIEWS, queueViews } from './queue-views.js';

const { given } = specOf(queueViews);
const facts = { now: 0, actor: { id: 'user-1', role: 'department' }, departmentId: 'rsj' } as const;
const window = { ...facts, actor: { id: 'user-2', role: 'window' }, departmentId: null } as const;
const content = (name: string, sharedWith: SharedWith = 'NOBODY'): QueueViewContent => ({
  name,
  queue: null,
  query: { light: 'RED' },
  sharedWith,
});
const saved = (viewId: string, name: string): QueueViewEvent => ({
  type: 'QueueViewSaved',
  data: { ...content(name), viewId, departmentId: null },
});

describe('views of the queue', () => {
  it('are kept under a name, the owner’s department with those it is shared with', () => {
    const data = { ...content('红灯', 'DEPARTMENT'), viewId: 'a' };
    given([])
      .when({ type: 'SaveQueueView', data }, facts)
      .then([{ type: 'QueueViewSaved', data: { ...data, departmentId: 'rsj' } }]);
    given([])
      .when({ type: 'SaveQueueView', data: { ...content('红灯'), viewId: 'a' } }, facts)
      .then([saved('a', '红灯')]);
  });

  it('are not shared by those who have nobody to share with', () => {
    const share = (sharedWith: SharedWith) =>
      ({ type: 'SaveQueueView', data: { ...content('红灯', sharedWith), viewId: 'a' } }) as const;
    given([]).when(share('DEPARTMENT'), window).thenRefused('department-unknown', { field: 'sharedWith' });
    given([]).when(share('EVERYONE'), facts).thenRefused('only-supervisors-share-with-everyone', { field: 'sharedWith' });
    given([])
      .when(share('EVERYONE'), { ...window, actor: { id: 'user-3', role: 'supervisor' } })
      .then([{ type: 'QueueViewSaved', data: { ...content('红灯', 'EVERYONE'), viewId: 'a', departmentId: null } }]);
  });

  it('have names of their own, which are free again with them', () => {
    const again = { type: 'SaveQueueView', data: { ...content('红灯'), viewId: 'b' } } as const;
    given([saved('a', '红灯')])
      .when(again, facts)
      .thenRefused('queue-view-name-taken', { field: 'name' });
    given([saved('a', '红灯'), { type: 'QueueViewRemoved', data: { viewId: 'a' } }])
      .when(again, facts)
      .then([saved('b', '红灯')]);
    given([saved('a', '红灯'), saved('b', '黄灯')])
      .when({ type: 'ChangeQueueView', data: { ...content('红灯'), viewId: 'b' } }, facts)
      .thenRefused('queue-view-name-taken', { field: 'name' });
    given([saved('a', '红灯')])
      .when({ type: 'ChangeQueueView', data: { ...content('红灯'), viewId: 'a' } }, facts)
      .then([{ type: 'QueueViewChanged', data: { ...content('红灯'), viewId: 'a', departmentId: null } }]);
  });

  it('are changed and removed by those who have them', () => {
    for (const command of [
      { type: 'ChangeQueueView', data: { ...content('红灯'), viewId: 'a' } },
      { type: 'RemoveQueueView', data: { viewId: 'constructor' } },
    ] as const)
      given([]).when(command, facts).thenRefused('queue-view-not-found');
  });

  it('are so many at most', () => {
    const history = Array.from({ length: MOST_QUEUE_VIEWS }, (_, i) => saved(`v${i}`, `视图${i}`));
    given(history)
      .when({ type: 'SaveQueueView', data: { ...content('红灯'), viewId: 'a' } }, facts)
      .thenRefused('too-many-queue-views', { params: { max: MOST_QUEUE_VIEWS } });
  });
});
