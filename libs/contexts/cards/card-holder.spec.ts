import type { Actor, Role, Sealed } from '@huicai/kernel';
import { specOf } from '../../kernel/spec-dsl.js';
import { type CardRuleFacts, cardHolder, cardNumber, stepsOf } from './card-holder.js';
import type { CardCommand, CardEvent, CardType } from './contract.js';
import type { CardStatus } from './facts.js';

const { given } = specOf(cardHolder);
const sealed = (what: string): Sealed => ({ $enc: 1, s: 't-1', k: 1, a: 'A256GCM', iv: '', ct: what, tag: '', ctx: '' });
const windowUser: Actor = { id: 'user-window', role: 'window' };
const supervisor = { actor: { id: 'user-supervisor', role: 'supervisor' } } as const;

const facts = (more: Partial<CardRuleFacts> = {}): CardRuleFacts => ({
  now: 0,
  actor: windowUser,
  talentKnown: true,
  actorTalentId: null,
  holderId: 't-1',
  today: '2026-03-10',
  ...more,
});

const BODY = '0000000001';
const YIMENG: CardType = 'YIMENG_HUICAI';
const applied: CardEvent = { type: 'CardApplied', data: { talentId: 't-1', cardId: 'c-1', cardType: YIMENG } };
const reviewed = (decision: 'APPROVED' | 'REJECTED'): CardEvent => ({
  type: 'CardReviewed',
  data: { cardId: 'c-1', decision, reason: null },
});
const issued: CardEvent = {
  type: 'CardIssued',
  data: {
    talentId: 't-1',
    cardId: 'c-1',
    cardType: YIMENG,
    track: 'DIRECT',
    number: cardNumber(BODY),
    validUntil: '2031-03-10',
  },
};
const activated: CardEvent = { type: 'CardActivated', data: { cardId: 'c-1' } };
const lost: CardEvent = { type: 'CardLossReported', data: { cardId: 'c-1' } };
const revocation = { cardId: 'c-1', reason: sealed('reason'), legalBasis: sealed('basis') };
const revoked: CardEvent = { type: 'CardRevoked', data: revocation };

const issue = (more: Partial<Extract<CardCommand, { type: 'IssueCard' }>['data']> = {}): CardCommand => ({
  type: 'IssueCard',
  data: { talentId: 't-1', cardId: 'c-1', cardType: YIMENG, track: 'DIRECT', body: BODY, ...more },
});
const apply = (cardId = 'c-2', cardType: CardType = YIMENG): CardCommand => ({
  type: 'ApplyForCard',
  data: { talentId: 't-1', cardId, cardType },
});

const histories: Readonly<Record<CardStatus, readonly CardEvent[]>> = {
  SUBMITTED: [applied],
  APPROVED: [applied, reviewed('APPROVED')],
  REJECTED: [applied, reviewed('REJECTED')],
  ISSUED: [issued],
  ACTIVE: [issued, activated],
  SUSPENDED: [issued, activated, lost],
  REVOKED: [issued, activated, revoked],
};

describe('issuing from an official list', () => {
  it('gives a number with a check digit and a term of five years', () => {
    const state = given([]).when(issue(), facts()).then([issued]);
    expect(state.cards['c-1']).toEqual({
      cardId: 'c-1',
      cardType: YIMENG,
      status: 'ISSUED',
      number: cardNumber(BODY),
      validUntil: '2031-03-10',
    });
  });

  it.each([
    ['2024-02-29', '2029-02-28'],
    ['2028-02-29', '2033-02-28'],
    ['2027-02-28', '2032-02-28'],
    ['2026-12-31', '2031-12-31'],
  ])('on %s is good until %s', (today, validUntil) => {
    given([])
      .when(issue(), facts({ today }))
      .then([{ ...issued, data: { ...issued.data, validUntil } } as CardEvent]);
  });

  it('is refused for a talent nobody knows', () => {
    given([])
      .when(issue(), facts({ talentKnown: false }))
      .thenRefused('talent-not-found');
  });

  it('does not make a new card out of one that exists', () => {
    const other = { cardType: 'SHANDONG_HUICAI' as const };
    given(histories.ACTIVE).when(issue(other), facts()).thenRefused('card-exists', { field: 'cardId' });
    given(histories.REVOKED).when(issue(), facts()).thenRefused('card-exists', { field: 'cardId' });
    given(histories.REVOKED).when(apply('c-1'), facts()).thenRefused('card-exists', { field: 'cardId' });
  });
});

describe('issuing after a review', () => {
  const afterReview = issue({ track: 'REVIEW', cardType: 'SHANDONG_HUICAI' });

  it('makes the card that was applied for, whatever type the command names', () => {
    given(histories.APPROVED)
      .when(afterReview, facts())
      .then([{ ...issued, data: { ...issued.data, track: 'REVIEW' } } as CardEvent]);
  });

  it.each(['SUBMITTED', 'REJECTED', 'ISSUED', 'REVOKED'] as const)('is refused from %s', (status) => {
    given(histories[status])
      .when(afterReview, facts())
      .thenRefused('illegal-step', { params: { status }, extra: { status, possible: stepsOf(status) } });
  });

  it('needs an application', () => {
    given([]).when(afterReview, facts()).thenRefused('card-not-found');
  });
});

describe('one live card of a type', () => {
  it('is not one whose last day is over: a new one can be applied for and issued', () => {
    for (const status of ['ISSUED', 'ACTIVE', 'SUSPENDED'] as const) {
      given(histories[status])
        .when(apply(), facts({ today: '2031-03-10' }))
        .thenRefused('live-card-exists', {
          params: { cardType: YIMENG, cardId: 'c-1', status },
        });
      const after = given(histories[status]).when(apply(), facts({ today: '2031-03-11' }));
      after.then([{ type: 'CardApplied', data: { talentId: 't-1', cardId: 'c-2', cardType: YIMENG } }]);
    }
  });

  it.each(['SUBMITTED', 'APPROVED', 'ISSUED', 'ACTIVE', 'SUSPENDED'] as const)(
    'a card that is %s stands in the way',
    (status) => {
      const details = { params: { cardType: YIMENG, cardId: 'c-1', status } };
      given(histories[status]).when(apply(), facts()).thenRefused('live-card-exists', details);
      given(histories[status])
        .when(issue({ cardId: 'c-2' }), facts())
        .thenRefused('live-card-exists', details);
    },
  );

  it.each(['REJECTED', 'REVOKED'] as const)('a card that is %s does not', (status) => {
    given(histories[status])
      .when(apply(), facts())
      .then([{ type: 'CardApplied', data: { talentId: 't-1', cardId: 'c-2', cardType: YIMENG } }]);
  });

  it('says nothing about the other type', () => {
    const state = given(histories.ACTIVE)
      .when(apply('c-2', 'SHANDONG_HUICAI'), facts())
      .then([{ type: 'CardApplied', data: { talentId: 't-1', cardId: 'c-2', cardType: 'SHANDONG_HUICAI' } }]);
    expect(Object.values(state.cards).map((card) => card.status)).toEqual(['ACTIVE', 'SUBMITTED']);
  });
});

describe('the life of a card', () => {
  const steps = {
    ReviewCard: { type: 'ReviewCard', data: { cardId: 'c-1', decision: 'APPROVED', reason: null } },
    IssueCard: issue({ track: 'REVIEW' }),
    ActivateCard: { type: 'ActivateCard', data: { cardId: 'c-1' } },
    ReportCardLost: { type: 'ReportCardLost', data: { cardId: 'c-1' } },
    RevokeCard: { type: 'RevokeCard', data: revocation },
  } satisfies Record<string, CardCommand>;
  const legal: Readonly<Record<CardStatus, readonly (keyof typeof steps)[]>> = {
    SUBMITTED: ['ReviewCard'],
    APPROVED: ['IssueCard'],
    REJECTED: [],
    ISSUED: ['ActivateCard', 'ReportCardLost', 'RevokeCard'],
    ACTIVE: ['ReportCardLost', 'RevokeCard'],
    SUSPENDED: ['RevokeCard'],
    REVOKED: [],
  };
  const after: Readonly<Record<keyof typeof steps, CardStatus>> = {
    ReviewCard: 'APPROVED',
    IssueCard: 'ISSUED',
    ActivateCard: 'ACTIVE',
    ReportCardLost: 'SUSPENDED',
    RevokeCard: 'REVOKED',
  };
  const by = (step: keyof typeof steps) => facts(['ReviewCard', 'RevokeCard'].includes(step) ? supervisor : {});
  const cells = (Object.keys(legal) as CardStatus[]).flatMap((status) =>
    (Object.keys(steps) as (keyof typeof steps)[]).map((step) => [status, step] as const),
  );

  it.each(cells)('%s × %s', (status, step) => {
    const { state } = given(histories[status]);
    expect(state.cards['c-1']?.status).toBe(status);
    expect(stepsOf(status)).toEqual(legal[status]);
    if (!legal[status].includes(step)) {
      given(histories[status])
        .when(steps[step], by(step))
        .thenRefused('illegal-step', { params: { status }, extra: { status, possible: legal[status] } });
      return;
    }
    const events = cardHolder.decide(steps[step], state, by(step));
    expect(given([...histories[status], ...events]).state.cards['c-1']?.status).toBe(after[step]);
  });

  it('records a rejection', () => {
    const data = { cardId: 'c-1', decision: 'REJECTED', reason: sealed('why') } as const;
    given([applied])
      .when({ type: 'ReviewCard', data }, facts(supervisor))
      .then([{ type: 'CardReviewed', data }]);
  });

  it.each(['nobody', 'constructor', '__proto__'])('knows no card %s', (cardId) => {
    given([issued]).when({ type: 'ActivateCard', data: { cardId } }, facts()).thenRefused('card-not-found');
  });
});

describe('who may do what with a card', () => {
  const commands: Readonly<Record<CardCommand['type'], CardCommand>> = {
    ApplyForCard: apply('c-9', 'SHANDONG_HUICAI'),
    ReviewCard: { type: 'ReviewCard', data: { cardId: 'c-1', decision: 'APPROVED', reason: null } },
    IssueCard: issue({ track: 'REVIEW' }),
    ActivateCard: { type: 'ActivateCard', data: { cardId: 'c-1' } },
    ReportCardLost: { type: 'ReportCardLost', data: { cardId: 'c-1' } },
    RevokeCard: { type: 'RevokeCard', data: revocation },
  };
  const allowed: Readonly<Record<CardCommand['type'], readonly Role[]>> = {
    ApplyForCard: ['talent', 'window', 'specialist'],
    ReviewCard: ['supervisor'],
    IssueCard: ['window'],
    ActivateCard: ['talent', 'window'],
    ReportCardLost: ['talent', 'window'],
    RevokeCard: ['supervisor'],
  };
  const before: Readonly<Record<CardCommand['type'], CardStatus>> = {
    ApplyForCard: 'ACTIVE',
    ReviewCard: 'SUBMITTED',
    IssueCard: 'APPROVED',
    ActivateCard: 'ISSUED',
    ReportCardLost: 'ACTIVE',
    RevokeCard: 'ACTIVE',
  };
  const roles: readonly Role[] = [
    'talent',
    'employer',
    'window',
    'department',
    'specialist',
    'supervisor',
    'auditor',
    'venue',
    'admin',
    'system',
  ];

  it.each(Object.keys(commands) as CardCommand['type'][])('%s', (step) => {
    const open = roles.filter((role) => {
      const told = facts({ actor: { id: 'user-1', role }, actorTalentId: 't-1' });
      const decision = given(histories[before[step]]).when(commands[step], told);
      if (!allowed[step].includes(role)) {
        decision.thenRefused('role-not-allowed', { params: { role } });
        return false;
      }
      return cardHolder.decide(commands[step], given(histories[before[step]]).state, told).length === 1;
    });
    expect(new Set(open)).toEqual(new Set(allowed[step]));
  });
});

describe('a talent', () => {
  const own = { actor: { id: 'user-t', role: 'talent' }, actorTalentId: 't-1' } as const;

  it('applies for and reports the loss of their own card only', () => {
    given([]).when(apply('c-1'), facts(own)).then([applied]);
    given([issued])
      .when({ type: 'ReportCardLost', data: { cardId: 'c-1' } }, facts(own))
      .then([lost]);
    given([])
      .when(apply('c-1'), facts({ ...own, actorTalentId: 't-2' }))
      .thenRefused('not-yours');
    given([])
      .when(apply('c-1'), facts({ ...own, actorTalentId: null }))
      .thenRefused('not-yours');
  });

  it('does not get into the cards of another through the command', () => {
    given([])
      .when({ type: 'ApplyForCard', data: { talentId: 't-2', cardId: 'c-1', cardType: YIMENG } }, facts(own))
      .thenRefused('not-yours');
  });
});
