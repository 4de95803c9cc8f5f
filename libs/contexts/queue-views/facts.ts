import { HUICAI_NS } from '@huicai/kernel';
import { v5 } from 'uuid';
import type { QueueViewContent } from './contract.js';

/** A view as somebody finds it. */
export interface SavedView extends QueueViewContent {
  readonly viewId: string;
  readonly departmentId: string | null;
  /** Of all the owner's views together; null when they are another's. */
  readonly revision: string | null;
}

/** Names the views of an account, as commands and events name accounts, in the store. */
export const viewsOf = (accountId: string): string => v5(JSON.stringify(['queue-views', accountId]), HUICAI_NS);
