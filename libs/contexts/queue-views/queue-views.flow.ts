import { flow } from '@huicai/projections';
import type { QueueViewEvent } from './contract.js';
import { queueViewRows } from './views/queue-views.view.js';

export const queueViewFlow = flow<QueueViewEvent>('queue views', {
  QueueViewSaved: { views: [queueViewRows] },
  QueueViewChanged: { views: [queueViewRows] },
  QueueViewRemoved: { views: [queueViewRows] },
});
