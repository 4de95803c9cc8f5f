import {
  type Answer,
  Asked,
  answer,
  Field,
  list,
  listOf,
  OneOf,
  object,
  problemOfRefusal,
  type RequestState,
  Roles,
  Shows,
  Uuid,
  uuid,
} from '@huicai/http';
import { newIdempotencyKey, Refusal } from '@huicai/kernel';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ASSIGNMENT_MODES } from './assignment.js';
import type { CaseStep } from './case.intake.js';
import { runStep } from './case-step.api.js';
import type { AssignmentMode } from './contract.js';

/** So many cases at once: an answer is waited for, and every one is a command of its own. */
const AT_MOST = 100;

const Cases = () =>
  Field(listOf(uuid, AT_MOST), {
    type: String,
    isArray: true,
    maxItems: AT_MOST,
    description: 'Ids of cases; one that is named twice is taken once',
  } as never);

export class BulkAssignBody {
  @Cases()
  readonly caseIds!: readonly string[];
  @OneOf(ASSIGNMENT_MODES, 'How the specialists are chosen')
  readonly mode!: AssignmentMode;
  @Uuid('Who gets them, when assigned by hand', { optional: true })
  readonly specialistId?: string;
}

export class BulkBody {
  @Cases()
  readonly caseIds!: readonly string[];
}

const RESULTS = object({
  items: list(
    object({ caseId: 'uuid', outcome: 'text', code: 'text?', detail: 'text?', events: list('text'), repeated: 'flag' }),
  ),
  done: 'integer',
  refused: 'integer',
  failed: 'integer',
});

type Outcome = 'DONE' | 'REFUSED' | 'FAILED';

interface Row {
  readonly caseId: string;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly detail: string | null;
  readonly events: readonly string[];
  readonly repeated: boolean;
}

/**
 * The same step of many cases. Every case is a command of its own, with an id made of the request's key and the case: some may be done and others
 * refused, and the same request sent again does what was not done and repeats nothing.
 */
@ApiTags('cases')
@Controller('cases/bulk')
export class CaseBulkController {
  constructor(private readonly commands: CommandBus) {}

  @Post('assign')
  @HttpCode(200)
  @Roles('window', 'supervisor', 'department')
  @Shows('What became of each', RESULTS)
  @ApiOperation({ summary: 'Assigns many cases; each is done or refused by itself, and told' })
  assign(@Asked() request: RequestState, @Body() { caseIds, mode, specialistId }: BulkAssignBody): Promise<Answer> {
    return this.each(request, caseIds, { type: 'AssignCase', mode, specialistId: specialistId ?? null });
  }

  @Post('remind')
  @HttpCode(200)
  @Roles('window', 'supervisor')
  @Shows('What became of each', RESULTS)
  @ApiOperation({ summary: 'Asks to get on with many cases (催办); each is done or refused by itself, and told' })
  remind(@Asked() request: RequestState, @Body() { caseIds }: BulkBody): Promise<Answer> {
    return this.each(request, caseIds, { type: 'RemindCase' });
  }

  private async each(request: RequestState, caseIds: readonly string[], step: CaseStep): Promise<Answer> {
    request.idempotencyKey ??= newIdempotencyKey();
    const items: Row[] = [];
    for (const caseId of new Set(caseIds)) items.push(await this.one(request, caseId, step));
    const count = (outcome: Outcome) => items.filter((row) => row.outcome === outcome).length;
    const body = { items, done: count('DONE'), refused: count('REFUSED'), failed: count('FAILED') };
    return answer(body, { headers: { 'idempotency-key': request.idempotencyKey } });
  }

  private async one(request: RequestState, caseId: string, step: CaseStep): Promise<Row> {
    const { 'if-match': _, ...headers } = request.headers;
    // Made of the case too, so that every one has a command id of its own.
    const alone = { ...request, headers, path: `${request.path}/${caseId}` };
    try {
      const told = await runStep(this.commands, alone, caseId, step);
      const { events } = told.body as { events: readonly string[] };
      const repeated = told.headers['idempotency-replayed'] === 'true';
      return { caseId, outcome: 'DONE', code: null, detail: null, events, repeated };
    } catch (error) {
      if (!(error instanceof Refusal))
        return { caseId, outcome: 'FAILED', code: null, detail: null, events: [], repeated: false };
      const { detail } = problemOfRefusal(error, request.language).body as { detail?: string };
      const outcome = error.kind === 'unavailable' || error.kind === 'conflict' ? 'FAILED' : 'REFUSED';
      return { caseId, outcome, code: error.code, detail: detail ?? null, events: [], repeated: false };
    }
  }
}
