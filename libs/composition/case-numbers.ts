import { type BaseFacts, type CommandRunner, type Decider, newIdempotencyKey, streamName } from '@huicai/kernel';

type CounterCommand = { readonly type: 'LeaseNumbers'; readonly data: { readonly count: number } };
type CounterEvent = { readonly type: 'NumbersLeased'; readonly data: { readonly from: number; readonly to: number } };

const counter: Decider<CounterCommand, CounterEvent, number, BaseFacts> = {
  aggregate: 'counter',
  initialState: () => 1,
  evolve: (_, event) => event.data.to + 1,
  decide: ({ data }, next) => [{ type: 'NumbersLeased', data: { from: next, to: next + data.count - 1 } }],
};

const BLOCK = 50;

/**
 * Numbers people read: `LS-2026-000123`. A process leases a block and hands it out, so registering a case costs no contended write;
 * a process that ends leaves a gap, and a number is never given twice.
 */
export class CaseNumbers {
  private readonly blocks = new Map<number, { next: number; last: number }>();
  private lease: Promise<unknown> = Promise.resolve();

  constructor(private readonly runner: CommandRunner) {}

  /** @param year of the office's calendar */
  async next(year: number): Promise<string> {
    for (;;) {
      const block = this.blocks.get(year);
      if (block && block.next <= block.last) return formatCaseNumber(year, block.next++);
      const turn = this.lease.then(async () => {
        const present = this.blocks.get(year);
        if (!present || present.next > present.last) this.blocks.set(year, await this.leaseBlock(year));
      });
      this.lease = turn.catch(() => undefined);
      await turn;
    }
  }

  private async leaseBlock(year: number): Promise<{ next: number; last: number }> {
    const commandId = newIdempotencyKey();
    const { from, to } = await leaseNumbers(this.runner, year, BLOCK, commandId);
    return { next: from, last: to };
  }
}

/** Leases a block under a given command id; repeating it gives the same block. @throws Refusal `conflict`, `unavailable` */
export async function leaseNumbers(
  runner: CommandRunner,
  year: number,
  count: number,
  commandId: string,
  time: { readonly occurredAt?: number; readonly backfill?: boolean } = {},
): Promise<{ from: number; to: number }> {
  const actor = { id: 'system', role: 'system' as const };
  const context = { commandId, commandHash: { k: 'none', v: '' }, actor, correlationId: commandId, ...time };
  const command: CounterCommand = { type: 'LeaseNumbers', data: { count } };
  const { events } = await runner.run(counter, streamName('counter', `case-${year}`), command, context, (_, base) => base);
  return events[0]!.data as CounterEvent['data'];
}

export const formatCaseNumber = (year: number, n: number): string => `LS-${year}-${String(n).padStart(6, '0')}`;
