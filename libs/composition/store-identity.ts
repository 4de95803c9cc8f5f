import type { EventStore } from '@huicai/event-store';
import { type BaseFacts, type CommandRunner, type Decider, newIdempotencyKey, Refusal } from '@huicai/kernel';

type StoreCommand = { readonly type: 'InitialiseStore'; readonly data: { readonly storeId: string } };
type StoreEvent = { readonly type: 'StoreInitialised'; readonly data: { readonly storeId: string } };

/** The identity of the log itself, so that a checkpoint can tell the log it was made from. */
const storeDecider: Decider<StoreCommand, StoreEvent, string | null, BaseFacts> = {
  aggregate: 'store',
  initialState: () => null,
  evolve: (_, event) => event.data.storeId,
  decide: (command, state) => (state === null ? [{ type: 'StoreInitialised', data: command.data }] : []),
};

export const STORE_IDENTITY_STREAM = 'store-identity';

/** The store's id; whoever connects first gives it one. @throws StoreUnavailableError */
export async function storeIdentity(store: EventStore, runner: CommandRunner): Promise<string> {
  for (let attempt = 0; attempt < 3; attempt++) {
    for await (const event of store.readStream(STORE_IDENTITY_STREAM, { maxCount: 1 }))
      return (event.data as StoreEvent['data']).storeId;
    const commandId = newIdempotencyKey();
    const context = {
      commandId,
      commandHash: { k: 'none', v: '' },
      actor: { id: 'system', role: 'system' as const },
      correlationId: commandId,
    };
    const command: StoreCommand = { type: 'InitialiseStore', data: { storeId: newIdempotencyKey() } };
    await runner.run(storeDecider, STORE_IDENTITY_STREAM, command, context, (_, base) => base);
  }
  throw new Refusal('unavailable', 'store-without-identity');
}
