import { type HuicaiSystem, upcasters } from '@huicai/composition';
import { type Answer, answer, etagOf, ifMatchOf } from '@huicai/http';
import { type CommandResult, commandIdOf, newIdempotencyKey, type RecordedEvent, Refusal, recorded } from '@huicai/kernel';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Outcome, RunCommand } from '../../../../libs/contexts/edge.js';
import { callerOf } from '../http/request-state.js';
import { Parts } from '../parts.js';
import { readsFor } from './reads.js';

/** The one way every command takes: its id from the request, its intake, the rulebook, the store, the answer. */
@CommandHandler(RunCommand)
export class RunCommandHandler implements ICommandHandler<RunCommand> {
  constructor(private readonly parts: Parts) {}

  async execute({ request, outcome, run, changedSince }: RunCommand): Promise<Answer> {
    const { system } = this.parts;
    const caller = callerOf(request);
    const { issuer, subject } = request.principal!;
    // Kept with the request, so that a refusal tells it as well.
    request.idempotencyKey ??= newIdempotencyKey();
    const { method, path, correlationId, idempotencyKey } = request;
    const ifMatch = ifMatchOf(request);
    const done = run({
      gateway: system,
      caller,
      meta: {
        commandId: commandIdOf({ issuer, subject, method, path, idempotencyKey }),
        correlationId,
        ...(ifMatch === undefined ? {} : { ifMatch }),
      },
      firstEvent: (stream) => firstEvent(system, stream),
    });
    const result = await done.catch(async (error: unknown): Promise<never> => {
      if (!(error instanceof Refusal && error.kind === 'stale' && changedSince && ifMatch !== undefined)) throw error;
      const changes = await changedSince(readsFor(this.parts, request), ifMatch);
      throw new Refusal(error.kind, error.code, { ...error.details, extra: { ...error.details.extra, changedSince: changes } });
    });
    return answerOf(result, outcome, idempotencyKey);
  }
}

async function firstEvent(system: HuicaiSystem, stream: string): Promise<RecordedEvent | undefined> {
  for await (const event of system.store.readStream(stream, { maxCount: 1 })) return recorded(event, upcasters);
  return undefined;
}

/** The same for the first time and for every repeat, but for one header. */
function answerOf(result: CommandResult, outcome: Outcome, idempotencyKey: string): Answer {
  const id = outcome.id(result);
  const changed = result.events.length > 0;
  const location = changed ? outcome.location?.(id) : undefined;
  const position = result.position?.toString() ?? null;
  return answer(
    {
      id,
      ...(changed ? outcome.also?.(result.events) : {}),
      revision: result.revision.toString(),
      position,
      events: result.events.map(({ type }) => type),
    },
    {
      status: location === undefined ? 200 : 201,
      etag: etagOf(result.revision),
      headers: {
        'idempotency-key': idempotencyKey,
        ...(position === null ? {} : { 'x-position': position }),
        ...(location === undefined ? {} : { location }),
        ...(result.repeated ? { 'idempotency-replayed': 'true' } : {}),
      },
    },
  );
}
