import { DEMO_DEPARTMENT_ID } from '@huicai/composition';
import type { EpochDay } from '@huicai/working-time';
import type { CaseInput } from '../contexts/cases/case.intake.js';
import type { Outcome, Satisfaction, Urgency } from '../contexts/cases/contract.js';
import { ITEMS_2024 } from '../contexts/catalogue/draft-2024.js';
import { CaseScript, type CaseSpec } from './case-script.js';
import { withWords } from './desk-words.js';
import { Draw } from './draw.js';
import {
  FIGURES,
  type FinishedStory,
  ITEM_SHARES,
  MONTH_WEIGHTS,
  type OpenState,
  SCHOOL_MONTH_WEIGHTS,
  SCHOOLING,
  scaled,
} from './figures.js';
import { tellFinished } from './finished-case.js';
import { OPEN_URGENCY, tellOpen } from './open-case.js';
import { withSidePaths } from './side-paths.js';
import type { Step } from './steps.js';
import type { PlannedTalent, World } from './world.js';

/** A matter and how it goes, before the rest of it is drawn. */
interface Matter {
  readonly n: number;
  readonly story: FinishedStory | OpenState;
  /** Which of its state it is; undefined for one that is finished. */
  readonly open?: { readonly state: OpenState; readonly nth: number };
  readonly itemCode: string;
  readonly outcome?: Outcome;
  readonly unreachableFirst: boolean;
  readonly rated: boolean;
  /** Belongs to the demo accounts' people. */
  readonly ofDemoTalent: boolean;
  readonly ofDemoSpecialist: boolean;
}

const CHANNELS = [
  ['hotline', 30],
  ['online', 35],
  ['window', 20],
  ['visit', 15],
] as const;

/** Office days before the first matter, so that there are talents to have one, and attempts to place a story in the year. */
const FIRST_MATTER = 4;
const ATTEMPTS = 200;

/** Stories that need more than the one day an enquiry has. */
const NEEDS_DAYS: readonly FinishedStory[] = [
  'signedForLate',
  'paused',
  'extended',
  'extendedAfterDue',
  'extensionRefused',
  'returned',
  'sentBack',
];

/** All matters of the year, each with its steps; none of them after the year's end. */
export function planCases(world: World, talents: readonly PlannedTalent[]): Step[] {
  return matters(world).flatMap((matter) => {
    const script = planCase(world, talents, matter);
    return withSidePaths(world, script, withWords(world, script));
  });
}

function matters(world: World): Matter[] {
  const { seed, scale } = world;
  const finished = keysOf(FIGURES.finished).flatMap((story) => repeated(story, scaled(FIGURES.finished[story], scale)));
  const open = keysOf(FIGURES.open).flatMap((state) =>
    Array.from({ length: scaled(FIGURES.open[state], scale) }, (_, nth) => ({ state, nth })),
  );
  const notSolved = scaled(FIGURES.notSolved, scale);
  const items = new Draw(seed, 'items').shuffled(shares(finished.length + open.length));
  const part = (name: string, share: number) => {
    const count = Math.round(finished.length * share);
    return new Draw(seed, name).shuffled(finished.map((_, i) => i < count));
  };
  const [unreachable, rated] = [part('unreachable', FIGURES.unreachableFirst), part('rated', FIGURES.rated)];
  return [
    ...finished.map((story, n): Matter => {
      const isDemo = story === 'plain' && n < 2;
      const referred: Outcome = n % 2 === 0 ? 'REFERRED' : 'UNSOLVABLE';
      const other = story === 'plain' && n >= 2 && n < 2 + notSolved;
      return {
        n,
        story,
        itemCode: isDemo ? ['04', SCHOOLING][n]! : items[n]!,
        ...(other ? { outcome: referred } : {}),
        unreachableFirst: !isDemo && unreachable[n]!,
        rated: isDemo || rated[n]!,
        ofDemoTalent: isDemo,
        ofDemoSpecialist: isDemo && n === 0,
      };
    }),
    ...open.map(({ state, nth }, i): Matter => {
      const n = finished.length + i;
      const demo = demoPart(state, nth);
      return {
        n,
        story: state,
        open: { state, nth },
        itemCode: demo.itemCode ?? items[n]!,
        unreachableFirst: false,
        rated: false,
        ofDemoTalent: demo.ofTalent ?? false,
        ofDemoSpecialist: demo.ofSpecialist ?? false,
      };
    }),
  ];
}

/** What the demo accounts see among the open matters: something near due, late, paused, and something nobody has taken. */
function demoPart(state: OpenState, nth: number): { itemCode?: string; ofTalent?: true; ofSpecialist?: true } {
  if (state === 'yellow' && nth === 0) return { itemCode: '04', ofTalent: true, ofSpecialist: true };
  if (state === 'inHand' && nth < 2) return { itemCode: ['12', '04'][nth]!, ofSpecialist: true };
  if (state === 'red' && nth === 0) return { itemCode: '14', ofSpecialist: true };
  if (state === 'paused' && nth === 0) return { itemCode: SCHOOLING, ofTalent: true };
  if ((state === 'untaken' && nth < 3) || (state === 'dispatched' && nth === 0)) return { itemCode: '04' };
  return {};
}

function planCase(world: World, talents: readonly PlannedTalent[], matter: Matter): CaseScript {
  const { seed, span, office } = world;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const draw = new Draw(seed, 'case', matter.n, attempt);
    const channelId = draw.weighted(CHANNELS, ([, weight]) => weight)[0];
    if (matter.open) {
      const before = office.at(office.workingDay(span.anchorDay, -14), '09:00');
      const script = new CaseScript(world, specOf(world, talents, matter, draw, { channelId, before }), draw);
      tellOpen(matter.open.state, script, world, matter.open.nth);
      if (script.at < span.to) return script;
      continue;
    }
    const registeredAt = registrationMoment(world, matter.itemCode, channelId, draw);
    const script = new CaseScript(world, specOf(world, talents, matter, draw, { channelId, before: registeredAt }), draw);
    tellFinished(matter.story as FinishedStory, script, office, registeredAt);
    if (script.at < span.to) return script;
  }
  throw new Error(`No room in the year for matter ${matter.n} (${matter.story})`);
}

function specOf(
  world: World,
  talents: readonly PlannedTalent[],
  matter: Matter,
  draw: Draw,
  { channelId, before }: { readonly channelId: string; readonly before: number },
): CaseSpec {
  const { itemCode, n } = matter;
  const known = talents.filter((one) => world.office.after(one.registeredAt, 420) < before);
  const talent = matter.ofDemoTalent ? talents[0]! : draw.pick(known);
  const urgency = urgencyOf(matter, draw);
  const solved: Outcome = urgency === 'ENQUIRY' || draw.chance(0.1) ? 'ANSWERED' : 'SOLVED';
  const departmentId = matter.ofDemoSpecialist
    ? DEMO_DEPARTMENT_ID
    : ITEMS_2024.find((item) => item.code === itemCode)!.leadDepartmentId;
  return {
    n,
    talent,
    itemCode,
    departmentId,
    channelId,
    urgency,
    concerns: concernsOf(world, talent, itemCode, n, draw),
    outcome: matter.outcome ?? solved,
    ...(matter.ofDemoSpecialist ? { specialist: world.staff.demo } : {}),
    unreachableFirst: matter.unreachableFirst,
    rating: matter.rated ? draw.weighted<Satisfaction>([5, 4, 3], (level) => level * level - 8) : null,
  };
}

function urgencyOf({ story, open }: Matter, draw: Draw): Urgency {
  if (open) return OPEN_URGENCY[open.state];
  if (story === 'answered') return 'ENQUIRY';
  const urgency = draw.weighted(['ENQUIRY', 'NORMAL', 'COMPLEX'] as const, (u) => ({ ENQUIRY: 22, NORMAL: 58, COMPLEX: 20 })[u]);
  return urgency === 'ENQUIRY' && NEEDS_DAYS.includes(story as FinishedStory) ? 'NORMAL' : urgency;
}

function concernsOf({ people }: World, talent: PlannedTalent, itemCode: string, n: number, draw: Draw): CaseInput['concerns'] {
  const child = (i: number) => ({ relation: 'CHILD' as const, name: people.familyName(talent.surname, n + i) });
  const spouse = { relation: 'SPOUSE' as const, name: people.familyName(draw.pick(people.talents).name[0]!, n) };
  if (itemCode === SCHOOLING) return draw.chance(0.15) ? [child(0), child(1)] : [child(0)];
  if (itemCode === '06') return [spouse];
  if (itemCode === '07') return draw.chance(0.5) ? [spouse, child(0)] : [];
  if (itemCode === '01' || itemCode === '03') return draw.chance(0.2) ? [draw.pick([spouse, child(0)])] : [];
  return [];
}

/** At the window and on visits in office hours; by telephone and online now and then in the evening or at a weekend. */
function registrationMoment({ office, span }: World, itemCode: string, channelId: string, draw: Draw): number {
  const anyHour = channelId === 'hotline' || channelId === 'online';
  const firstDay = office.workingDay(office.calendar.workingDayFrom(span.firstDay), FIRST_MATTER);
  const months = itemCode === SCHOOLING ? SCHOOL_MONTH_WEIGHTS : MONTH_WEIGHTS;
  const days = Array.from({ length: span.anchorDay - firstDay }, (_, i) => firstDay + i);
  const weightOf = (day: EpochDay): number => {
    const month = months[Number(office.dateOf(day).slice(5, 7)) - 1]!;
    return office.calendar.isWorkingDay(day) ? month : anyHour ? month * 0.15 : 0;
  };
  const day = draw.weighted(days, weightOf);
  const weekend = !office.calendar.isWorkingDay(day);
  if (anyHour && (weekend || draw.chance(0.12)))
    return office.moment(day, draw, weekend ? '09:00' : '17:20', weekend ? '19:30' : '21:00');
  return office.moment(
    day,
    draw,
    ...draw.pick<readonly [string, string]>([
      ['09:05', '11:50'],
      ['13:05', '16:40'],
    ]),
  );
}

/** Item codes in the shares of {@link ITEM_SHARES}, by largest remainder. */
function shares(count: number): string[] {
  const all = ITEM_SHARES.reduce((sum, [, share]) => sum + share, 0);
  const exact = ITEM_SHARES.map(([code, share]) => ({ code, want: (count * share) / all }));
  const whole = exact.flatMap(({ code, want }) => repeated(code, Math.floor(want)));
  const rest = exact.sort((a, b) => (b.want % 1) - (a.want % 1) || (a.code < b.code ? -1 : 1));
  return [...whole, ...rest.slice(0, count - whole.length).map(({ code }) => code)];
}

const repeated = <T>(item: T, count: number): T[] => Array.from({ length: count }, () => item);
const keysOf = <T extends object>(record: T) => Object.keys(record) as (keyof T)[];
