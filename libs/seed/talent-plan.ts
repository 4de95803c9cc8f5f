import { DEMO_EMPLOYER_ID, DEMO_TALENT_ID } from '@huicai/composition';
import { createdIdOf } from '@huicai/kernel';
import type { CardType } from '../contexts/cards/contract.js';
import type { Caller } from '../contexts/gateway.js';
import type { TalentCategory } from '../contexts/talents/contract.js';
import { CardBodies, type CardStory, type TalentStory, talentStories } from './card-stories.js';
import { Draw } from './draw.js';
import { FIGURES, scaled } from './figures.js';
import { type SyntheticPerson, surnameOf } from './people.js';
import { commandIdOf, type Specialist } from './staff.js';
import type { Act, Step } from './steps.js';
import { CARD_REASONS, pickText } from './texts.js';
import type { PlannedTalent, World } from './world.js';

/** Part of the talents who are on the list the year begins with; cards are lost and withdrawn among them. */
const FIRST_LIST = 0.35;
const FIRST_LIST_DAYS = 15;
/** Nobody new in the last days, so that every application has had its answer. */
const QUIET_DAYS = 14;

/** The talents of the year with their cards, and the steps that make them. */
export function planTalents(world: World): { readonly talents: readonly PlannedTalent[]; readonly steps: readonly Step[] } {
  const bodies = new CardBodies();
  const plans = talentStories(world).map((story, n, all) => new TalentPlan(world, n, story, n < all.length * FIRST_LIST, bodies));
  const early = plans.filter((plan) => plan.isEarly && plan.hasDirectDistrictCard && plan.n > 0);
  const { lostOnly, lostAndReplaced, revoked } = FIGURES.cards;
  const [lost, replaced, withdrawn] = [lostOnly, lostAndReplaced, revoked].map((count) => scaled(count, world.scale));
  for (const plan of early.slice(0, lost)) plan.loseCard(false);
  for (const plan of early.slice(lost, lost! + replaced!)) plan.loseCard(true);
  for (const plan of early.slice(lost! + replaced!, lost! + replaced! + withdrawn!)) plan.revokeCard();
  const others = new Draw(world.seed, 'talent-changes').shuffled(early);
  for (const plan of others.slice(0, scaled(FIGURES.talents.corrected, world.scale))) plan.correct();
  for (const plan of others.slice(-scaled(FIGURES.talents.handedOver, world.scale))) plan.handOver();
  return { talents: plans, steps: plans.flatMap((plan) => plan.steps) };
}

class TalentPlan implements PlannedTalent {
  readonly talentId: string;
  readonly caller: Caller;
  readonly surname: string;
  readonly primary: Specialist;
  readonly registeredAt: number;
  readonly steps: Step[] = [];
  private readonly draw: Draw;
  private readonly person: SyntheticPerson;
  private districtCardId = '';
  private activeFrom = 0;

  constructor(
    private readonly world: World,
    readonly n: number,
    private readonly story: TalentStory,
    readonly isEarly: boolean,
    private readonly bodies: CardBodies,
  ) {
    const { seed, people, staff } = world;
    this.draw = new Draw(seed, 'talent', n);
    this.person = people.talents[n]!;
    this.surname = surnameOf(this.person);
    this.talentId = n === 0 ? DEMO_TALENT_ID : createdIdOf(commandIdOf(seed, this.key('register')), 'talent');
    this.caller = { id: `seed-talent-${n}`, role: 'talent', talentId: this.talentId };
    this.primary = n === 0 ? staff.demo : staff.primary(this.draw);
    this.registeredAt = this.registrationMoment();
    this.register();
    for (const [cardType, how] of story.cards) this.obtainCard(cardType, how);
  }

  get hasDirectDistrictCard(): boolean {
    return this.story.cards.some(([cardType, how]) => cardType === 'YIMENG_HUICAI' && how === 'direct');
  }

  private registrationMoment(): number {
    const { office, span } = this.world;
    const days = office.workingDays(span.firstDay, span.anchorDay);
    if (this.n === 0) return office.moment(days[0]!, this.draw, '10:00', '10:20');
    const early = this.isEarly || days.length <= FIRST_LIST_DAYS + QUIET_DAYS;
    const day = early ? days[this.draw.int(0, FIRST_LIST_DAYS - 1)]! : this.lateDay(days);
    return office.moment(
      day,
      this.draw,
      ...this.draw.pick<readonly [string, string]>([
        ['10:00', '11:59'],
        ['13:00', '16:40'],
      ]),
    );
  }

  // Applications still undecided at the end of the year were made in its last days.
  private lateDay(days: readonly number[]): number {
    const pending = this.story.cards.some(([, how]) => how === 'applied' || how === 'approved');
    const last = days.length - 1;
    return pending ? days[last - this.draw.int(8, 12)]! : days[this.draw.int(FIRST_LIST_DAYS, last - QUIET_DAYS)]!;
  }

  private register(): void {
    const { staff, office } = this.world;
    const { name, phone, idNumber, employer } = this.person;
    const first = this.story.cards[0]![0];
    const category: TalentCategory =
      first === 'SHANDONG_HUICAI' ? this.draw.pick(['P1', 'P2', 'P3', 'P4', 'P5']) : this.draw.chance(0.93) ? 'M' : 'P3';
    const engagement = category === 'M' ? ('FLEXIBLE' as const) : ('FULL_TIME' as const);
    const input = {
      ...{ name, documentType: 'RESIDENT_ID' as const, documentNumber: idNumber, phone, category, engagement, employer },
      ...(this.n === 0 ? { employerId: DEMO_EMPLOYER_ID } : {}),
    };
    this.add('register', this.registeredAt, staff.window(this.draw), {
      kind: 'register-talent',
      talentId: this.talentId,
      input,
    });
    const { specialistId } = this.primary;
    const assigned = office.after(this.registeredAt, this.draw.between(4, 40));
    this.add('assign', assigned, staff.supervisor(this.draw), {
      kind: 'assign-specialist',
      talentId: this.talentId,
      specialistId,
    });
  }

  private obtainCard(cardType: CardType, how: CardStory): void {
    const { office, staff } = this.world;
    const { talentId, draw } = this;
    const name = (what: string) => (cardType === 'YIMENG_HUICAI' ? what : `shandong-${what}`);
    if (how === 'direct') {
      const issued = office.after(this.registeredAt, this.n === 0 ? 60 : draw.between(60, 1_300));
      this.issue(name(''), issued, cardType);
      return;
    }
    const applied = office.after(this.registeredAt, how === 'applied' ? draw.between(1_700, 2_900) : draw.between(60, 700));
    this.add(name('apply'), applied, draw.chance(0.6) ? this.caller : this.primary.caller, {
      kind: 'apply-for-card',
      talentId,
      cardType,
    });
    if (how === 'applied') return;
    const cardId = createdIdOf(commandIdOf(this.world.seed, this.key(name('apply'))), 'card');
    const decided = office.after(applied, draw.between(500, 1_700));
    const decision = how === 'rejected' ? ('REJECTED' as const) : ('APPROVED' as const);
    const reason = how === 'rejected' ? pickText(draw, CARD_REASONS.rejected) : null;
    this.add(name('review'), decided, staff.supervisor(draw), { kind: 'review-card', talentId, cardId, decision, reason });
    if (how === 'reviewed') this.issue(name(''), office.after(decided, draw.between(200, 900)), cardType, cardId);
  }

  private issue(name: string, at: number, cardType: CardType, applicationId?: string): void {
    const { office, staff, seed, span } = this.world;
    const { talentId, draw } = this;
    const body = this.bodies.draw(draw);
    this.add(`${name}issue`, at, staff.window(draw), {
      kind: 'issue-card',
      talentId,
      cardType,
      body,
      ...(applicationId === undefined ? {} : { applicationId }),
    });
    const cardId = applicationId ?? createdIdOf(commandIdOf(seed, this.key(`${name}issue`)), 'card');
    const activated = office.after(at, this.n === 0 ? 90 : draw.between(30, 2_500));
    if (activated >= span.to) return;
    const who = draw.chance(0.5) ? staff.window(draw) : this.caller;
    this.add(`${name}activate`, activated, who, { kind: 'activate-card', talentId, cardId });
    if (cardType !== 'YIMENG_HUICAI') return;
    this.districtCardId = cardId;
    this.activeFrom = activated;
  }

  /** A moment of the year after the card has been in use for some weeks. */
  private someTimeLater(): number {
    const { office, span } = this.world;
    const days = office.workingDays(office.dayOf(this.activeFrom), span.anchorDay);
    return office.moment(days[this.draw.int(20, days.length - 20)]!, this.draw, '09:10', '11:50');
  }

  loseCard(replaced: boolean): void {
    const { office, staff } = this.world;
    const { talentId, draw, districtCardId: cardId } = this;
    const lost = this.someTimeLater();
    this.add('lose', lost, draw.chance(0.5) ? this.caller : staff.window(draw), { kind: 'report-card-lost', talentId, cardId });
    if (!replaced) return;
    const revoked = office.after(lost, draw.between(400, 1_200));
    this.add('replace', revoked, staff.supervisor(draw), {
      kind: 'revoke-card',
      talentId,
      cardId,
      ...CARD_REASONS.replaced,
    });
    this.issue('replacement-', office.after(revoked, draw.between(60, 420)), 'YIMENG_HUICAI');
  }

  revokeCard(): void {
    const { talentId, draw, districtCardId: cardId } = this;
    const why = draw.pick(CARD_REASONS.revoked);
    this.add('revoke', this.someTimeLater(), this.world.staff.supervisor(draw), {
      kind: 'revoke-card',
      talentId,
      cardId,
      ...why,
    });
  }

  correct(): void {
    const { talentId, draw, person } = this;
    const { newPhone } = person;
    const changes = draw.chance(0.6) ? { phone: newPhone } : { employer: `示例企业${draw.int(1, 67)}` };
    const reason = 'phone' in changes ? '本人更换手机号码' : '用人单位变更';
    this.add('correct', this.someTimeLater(), this.world.staff.window(draw), {
      kind: 'correct-talent',
      talentId,
      changes,
      reason,
    });
  }

  handOver(): void {
    const { talentId, draw } = this;
    const { specialistId } = this.world.staff.primary(draw, this.primary);
    const reason = draw.pick(['专员岗位调整', '专员休假,工作移交', '服务对象工作地点变更']);
    const at = this.someTimeLater();
    this.add('hand-over', at, this.world.staff.supervisor(draw), {
      kind: 'hand-over',
      talentId,
      toSpecialistId: specialistId,
      reason,
    });
  }

  private key(what: string): string {
    return `talent/${this.n}/${what}`;
  }

  private add(what: string, at: number, caller: Caller, act: Act): void {
    this.steps.push({ key: this.key(what), at, caller, act });
  }
}
