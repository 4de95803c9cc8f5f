import type { EventStore } from '@huicai/event-store';
import type { BaseFacts, Decider } from '@huicai/kernel';
import { streamName } from '@huicai/kernel';

/** What a reference year was made from: enough to make it again. */
export interface SeedOrigin {
  readonly seed: number;
  /** Last day of the year, YYYY-MM-DD, office time. */
  readonly anchor: string;
}

export interface SeedOutcome {
  readonly commands: number;
  readonly talents: number;
  readonly cards: number;
  readonly cases: number;
}

export type SeedCommand =
  | { readonly type: 'StartSeed'; readonly data: SeedOrigin }
  | { readonly type: 'CompleteSeed'; readonly data: SeedOutcome };
export type SeedEvent =
  | { readonly type: 'SeedStarted'; readonly data: SeedOrigin }
  | { readonly type: 'SeedCompleted'; readonly data: SeedOutcome };

export interface SeedState {
  readonly origin: SeedOrigin | null;
  readonly outcome: SeedOutcome | null;
}

export const notSeeded: SeedState = { origin: null, outcome: null };

export const SEED_STREAM = streamName('seed', 'lanshan');

function foldSeed(state: SeedState, event: SeedEvent): SeedState {
  return event.type === 'SeedStarted' ? { ...state, origin: event.data } : { ...state, outcome: event.data };
}

/** The record of the reference year: begun once, completed once. */
export const seedDecider: Decider<SeedCommand, SeedEvent, SeedState, BaseFacts> = {
  aggregate: 'seed',
  initialState: () => notSeeded,
  evolve: foldSeed,
  decide: (command, state) => {
    if (command.type === 'StartSeed') return state.origin ? [] : [{ type: 'SeedStarted', data: command.data }];
    return state.outcome ? [] : [{ type: 'SeedCompleted', data: command.data }];
  },
};

/** @throws StoreUnavailableError */
export async function readSeed(store: EventStore): Promise<SeedState> {
  let state = notSeeded;
  for await (const { type, data } of store.readStream(SEED_STREAM)) state = foldSeed(state, { type, data } as SeedEvent);
  return state;
}

const completed = new WeakSet<EventStore>();

/** Whether a reference year has been begun and is not complete: then time is the year's own, and timers must wait. @throws StoreUnavailableError */
export async function seedInProgress(store: EventStore): Promise<boolean> {
  if (completed.has(store)) return false;
  const { origin, outcome } = await readSeed(store);
  if (outcome) completed.add(store);
  return origin !== null && outcome === null;
}
