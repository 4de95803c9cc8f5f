/** Nobody but the owner, those of the owner's department, or all who work on cases. */
export type SharedWith = 'NOBODY' | 'DEPARTMENT' | 'EVERYONE';

/** What is looked for under a name; what a reader sees of it is decided anew for each. */
export interface QueueViewContent {
  /** What it is called, a label that tells of no person. */
  readonly name: string;
  /** One of the named queues. */
  readonly queue: string | null;
  /** Filter and order, as parameters of the queue have them. */
  readonly query: Readonly<Record<string, string>>;
  readonly sharedWith: SharedWith;
}

export type QueueViewCommand =
  | { readonly type: 'SaveQueueView'; readonly data: QueueViewContent & { readonly viewId: string } }
  | { readonly type: 'ChangeQueueView'; readonly data: QueueViewContent & { readonly viewId: string } }
  | { readonly type: 'RemoveQueueView'; readonly data: { readonly viewId: string } };

/** `departmentId` is the owner's, of a view that is shared with it. */
type Kept = QueueViewContent & { readonly viewId: string; readonly departmentId: string | null };

export type QueueViewEvent =
  | { readonly type: 'QueueViewSaved'; readonly data: Kept }
  | { readonly type: 'QueueViewChanged'; readonly data: Kept }
  | { readonly type: 'QueueViewRemoved'; readonly data: { readonly viewId: string } };
