import {
  type Answer,
  Asked,
  badInput,
  FreeText,
  Id,
  list,
  NoBody,
  OneOf,
  object,
  type RequestState,
  Roles,
  Shows,
  Uuid,
} from '@huicai/http';
import { type CommandResult, forbidden, notFound } from '@huicai/kernel';
import { normaliseCardNumber } from '@huicai/vault';
import { formatInstant } from '@huicai/working-time';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE, officeDay } from '../calendar/facts.js';
import { Ask, type CommandSide, type Found, type Outcome, type Reads, RunCommand } from '../edge.js';
import type { Caller } from '../gateway.js';
import { refuseForeignTalent } from '../visibility.js';
import { activateCard, applyForCard, issueCard, reportCardLost, reviewCard, revokeCard } from './card.intake.js';
import { isCardNumber, stepsOf } from './card-holder.js';
import type { CardType } from './contract.js';
import { CARD_PROGRESS } from './progress-texts.js';
import { type CardRow, cardByNumber, cardsOfTalent } from './views/cards.view.js';

const CARD_TYPES = ['YIMENG_HUICAI', 'SHANDONG_HUICAI'] as const satisfies readonly CardType[];
const DECISIONS = ['APPROVED', 'REJECTED'] as const;

export class ApplyForCardBody {
  @OneOf(CARD_TYPES, 'Kind of card')
  readonly cardType!: CardType;
}

export class ReviewCardBody {
  @OneOf(DECISIONS, 'Decision on the application')
  readonly decision!: (typeof DECISIONS)[number];
  @FreeText('Why; required for a rejection', { optional: true })
  readonly reason?: string;
}

export class IssueCardBody {
  @OneOf(CARD_TYPES, 'Kind of card')
  readonly cardType!: CardType;
  @Uuid('Approved application; without one the card is issued directly from an official list', { optional: true })
  readonly applicationId?: string;
}

export class RevokeCardBody {
  @FreeText('Why it is withdrawn')
  readonly reason!: string;
  @FreeText('Legal basis')
  readonly legalBasis!: string;
}

const CARD = {
  id: 'uuid',
  cardType: 'text',
  status: 'text',
  number: 'text?',
  validUntil: 'day?',
  issuedAt: 'instant?',
  possibleSteps: list('text'),
} as const;

const summary = (text: string) => ApiOperation({ summary: text });

@ApiTags('cards')
@Controller()
export class CardsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('talents/:talentId/card-applications')
  @Roles('talent', 'window')
  @summary('Applies for a card (申领); the id of the application becomes the card’s')
  apply(@Asked() request: RequestState, @Id('talentId') talentId: string, @Body() body: ApplyForCardBody): Promise<Answer> {
    return this.run(request, created(talentId), talentId, (call) => applyForCard(call, body.cardType));
  }

  @Post('talents/:talentId/card-applications/:cardId/review')
  @HttpCode(200)
  @Roles('supervisor')
  @summary('Decides an application (审核)')
  review(
    @Asked() request: RequestState,
    @Id('talentId') talentId: string,
    @Id('cardId') cardId: string,
    @Body() body: ReviewCardBody,
  ): Promise<Answer> {
    const { decision } = body;
    const reason = body.reason ?? null;
    if (decision === 'REJECTED' && reason === null) throw badInput('reason-needed', 'reason');
    return this.run(request, { id: () => cardId }, talentId, (call) => reviewCard(call, cardId, { decision, reason }));
  }

  @Post('talents/:talentId/cards')
  @Roles('window')
  @summary('Issues a card (颁发)')
  issue(@Asked() request: RequestState, @Id('talentId') talentId: string, @Body() body: IssueCardBody): Promise<Answer> {
    const { cardType, applicationId } = body;
    const input = applicationId === undefined ? { cardType } : { applicationId, cardType };
    const outcome = {
      ...created(talentId),
      also: ([event]: CommandResult['events']) => {
        const { number, validUntil, track } = event!.data as { number: string; validUntil: string; track: string };
        return { number, validUntil, track };
      },
    };
    return this.run(request, outcome, talentId, (call) => issueCard(call, input));
  }

  @Post('talents/:talentId/cards/:cardId/activate')
  @HttpCode(200)
  @Roles('talent', 'window')
  @summary('Activates an issued card')
  activate(
    @Asked() request: RequestState,
    @Id('talentId') talentId: string,
    @Id('cardId') cardId: string,
    @Body() _: NoBody,
  ): Promise<Answer> {
    return this.run(request, { id: () => cardId }, talentId, (call) => activateCard(call, cardId));
  }

  @Post('talents/:talentId/cards/:cardId/loss')
  @HttpCode(200)
  @Roles('talent', 'window')
  @summary('Reports a card lost (挂失)')
  loss(
    @Asked() request: RequestState,
    @Id('talentId') talentId: string,
    @Id('cardId') cardId: string,
    @Body() _: NoBody,
  ): Promise<Answer> {
    return this.run(request, { id: () => cardId }, talentId, (call) => reportCardLost(call, cardId));
  }

  @Post('talents/:talentId/cards/:cardId/revoke')
  @HttpCode(200)
  @Roles('supervisor')
  @summary('Withdraws a card for good (收回)')
  revoke(
    @Asked() request: RequestState,
    @Id('talentId') talentId: string,
    @Id('cardId') cardId: string,
    @Body() body: RevokeCardBody,
  ): Promise<Answer> {
    const { reason, legalBasis } = body;
    return this.run(request, { id: () => cardId }, talentId, (call) => revokeCard(call, cardId, { reason, legalBasis }));
  }

  @Get('talents/:talentId/cards')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @Shows('The cards; ETag is the revision of the holder’s', object({ items: list(object(CARD)), revision: 'bigint?' }))
  @summary('All cards and applications of a talent')
  list(@Asked() request: RequestState, @Id('talentId') talentId: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['cards', 'talents', 'specialist_assignments', 'service_queue'], (reads) => cardsPage(reads, talentId), {
        cards: talentId,
        talents: talentId,
        specialist_assignments: talentId,
      }),
    );
  }

  @Get('my/cards')
  @Roles('talent')
  @Shows('The cards', object({ items: list(object({ ...CARD, progress: 'text' })) }))
  @summary('The caller’s own cards in plain words')
  mine(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['cards'], myCards));
  }

  @Get('cards/verify/:number')
  @Roles('venue', 'window', 'specialist', 'supervisor')
  @Shows('Whether it is good', object({ valid: 'flag', status: 'text', cardType: 'text', validUntil: 'day?', expired: 'flag' }))
  @summary('Whether a card is good today; tells nothing of its holder')
  verify(@Asked() request: RequestState, @Param('number') typed: string): Promise<Answer> {
    const number = normaliseCardNumber(typed);
    if (!isCardNumber(number)) throw badInput('card-number-invalid', 'number');
    return this.queries.execute(new Ask(request, ['cards'], (reads) => verification(reads, number)));
  }

  private run(
    request: RequestState,
    outcome: Outcome,
    talentId: string,
    send: (call: CommandSide & { readonly talentId: string }) => Promise<CommandResult>,
  ): Promise<Answer> {
    return this.commands.execute(new RunCommand(request, outcome, (side) => send({ ...side, talentId })));
  }
}

const created = (talentId: string): Outcome => ({
  id: ({ events }) => (events[0]!.data as { cardId: string }).cardId,
  location: () => `/api/v1/talents/${talentId}/cards`,
});

async function cardsPage(reads: Reads, talentId: string): Promise<Found> {
  const exists = (await reads.directory.talent(talentId)) !== undefined;
  await refuseForeignTalent(reads, talentId, exists);
  if (!exists) throw notFound('talent-not-found');
  const rows = await cardsOfTalent(reads.db, talentId);
  const last = latest(rows);
  return {
    ...(last ? { revision: last } : {}),
    body: { items: rows.map((row) => cardOf(row, reads.caller)), revision: last ?? null },
  };
}

/** Cards of one holder share a stream, so the highest revision is the stream's. */
function latest(rows: readonly CardRow[]): string | undefined {
  return rows
    .map(({ revision }) => BigInt(revision))
    .sort((a, b) => (a < b ? 1 : -1))[0]
    ?.toString();
}

const cardOf = (row: CardRow, { role }: Caller) => ({
  id: row.card_id,
  cardType: row.card_type,
  status: row.status,
  number: row.number,
  validUntil: row.valid_until,
  issuedAt: row.issued_at === null ? null : formatInstant(row.issued_at.getTime(), OFFICE_ZONE),
  possibleSteps: stepsOf(row.status, role),
});

async function myCards(reads: Reads): Promise<Found> {
  const { talentId } = reads.caller;
  if (talentId === undefined) throw forbidden('talent-unknown');
  const rows = await cardsOfTalent(reads.db, talentId);
  return {
    body: { items: rows.map((row) => ({ ...cardOf(row, reads.caller), progress: CARD_PROGRESS[row.status][reads.language] })) },
  };
}

async function verification(reads: Reads, number: string): Promise<Found> {
  const row = await cardByNumber(reads.db, number);
  if (!row) throw notFound('card-not-found');
  const current = row.valid_until !== null && row.valid_until >= officeDay(reads.now);
  return {
    body: {
      valid: row.status === 'ACTIVE' && current,
      status: row.status,
      cardType: row.card_type,
      validUntil: row.valid_until,
      expired: !current,
    },
  };
}
