import { type BaseFacts, type Command, type Decider, type DomainEvent, member } from '@huicai/kernel';
import { calendar } from '../contexts/calendar/calendar.js';
import type { CalendarCommand, CalendarEvent, PolicyCommand, PolicyEvent } from '../contexts/calendar/contract.js';
import { type CalendarFacts, officeDay, type PolicyFacts, type TimeReference } from '../contexts/calendar/facts.js';
import { type PolicyRuleFacts, policy } from '../contexts/calendar/policy.js';
import { type CardRuleFacts, cardHolder } from '../contexts/cards/card-holder.js';
import type { CardCommand, CardEvent } from '../contexts/cards/contract.js';
import type { CardHolderFacts } from '../contexts/cards/facts.js';
import { caseDecider, needsOf } from '../contexts/cases/case.js';
import type { CaseCommand, CaseEvent } from '../contexts/cases/contract.js';
import type { CaseFacts } from '../contexts/cases/facts.js';
import type { CaseRuleFacts } from '../contexts/cases/rules/rule.js';
import { catalogue } from '../contexts/catalogue/catalogue.js';
import type { CatalogueCommand, CatalogueEvent } from '../contexts/catalogue/contract.js';
import { type CatalogueFacts, noCatalogue } from '../contexts/catalogue/facts.js';
import { type ChannelRuleFacts, channels } from '../contexts/channels/channels.js';
import type { ChannelsCommand, ChannelsEvent } from '../contexts/channels/contract.js';
import type { ChannelFacts } from '../contexts/channels/facts.js';
import type { Caller } from '../contexts/gateway.js';
import type { QueueViewCommand, QueueViewEvent } from '../contexts/queue-views/contract.js';
import { type QueueViewNames, type QueueViewRuleFacts, queueViews } from '../contexts/queue-views/queue-views.js';
import type {
  AssignmentCommand,
  AssignmentEvent,
  HandOverCommand,
  HandOverEvent,
  SpecialistCommand,
  SpecialistEvent,
} from '../contexts/specialists/contract.js';
import type { AssignmentFacts, HandOverFacts, SpecialistFacts } from '../contexts/specialists/facts.js';
import { type HandOverRuleFacts, handOver } from '../contexts/specialists/hand-over.js';
import { type AssignFacts, assignment, type SpecialistRuleFacts, specialist } from '../contexts/specialists/specialist.js';
import type { TalentCommand, TalentEvent } from '../contexts/talents/contract.js';
import type { TalentFacts } from '../contexts/talents/facts.js';
import { talent } from '../contexts/talents/talent.js';
import type { AdvisoryFacts } from './advisory.js';
import { candidatesFor } from './candidates.js';
import type { CaseNumbers } from './case-numbers.js';
import type { FactSources } from './facts.js';

/** Where a command's facts come from. */
export interface Ports {
  readonly facts: FactSources;
  readonly numbers: Pick<CaseNumbers, 'next'>;
  readonly advisory: AdvisoryFacts;
}

/** A rulebook together with the facts it asks for. */
export interface Binding<C extends Command, E extends DomainEvent, S, F extends BaseFacts> {
  readonly decider: Decider<C, E, S, F>;
  readonly facts: (
    ports: Ports,
    base: BaseFacts,
    ask: { readonly id: string; readonly command: C; readonly caller: Caller; readonly state: S },
  ) => F | Promise<F>;
}

const bind = <C extends Command, E extends DomainEvent, S, F extends BaseFacts>(
  decider: Decider<C, E, S, F>,
  facts: Binding<C, E, S, F>['facts'],
): Binding<C, E, S, F> => ({ decider, facts });

const baseOnly = (_: Ports, base: BaseFacts): BaseFacts => base;

/** Every aggregate a command can be sent to. */
export const bindings = {
  talent: bind<TalentCommand, TalentEvent, TalentFacts | null, BaseFacts>(talent, baseOnly),
  catalogue: bind<CatalogueCommand, CatalogueEvent, CatalogueFacts, BaseFacts>(catalogue, baseOnly),
  channels: bind<ChannelsCommand, ChannelsEvent, ChannelFacts, ChannelRuleFacts>(
    channels,
    async ({ facts }, base, { command }) => ({
      ...base,
      catalogue: command.type === 'PublishRoutingRules' ? await facts.catalogue() : noCatalogue,
    }),
  ),
  calendar: bind<CalendarCommand, CalendarEvent, CalendarFacts, BaseFacts>(calendar, baseOnly),
  policy: bind<PolicyCommand, PolicyEvent, PolicyFacts, PolicyRuleFacts>(policy, async (ports, base) => ({
    ...base,
    catalogue: await ports.facts.catalogue(),
  })),
  specialist: bind<SpecialistCommand, SpecialistEvent, SpecialistFacts | null, SpecialistRuleFacts>(
    specialist,
    async ({ facts, advisory }, base, { id, command, caller }) => ({
      ...base,
      specialistId: id,
      callerSpecialistId: caller.specialistId ?? null,
      departmentKnown:
        command.type === 'EnrolSpecialist' &&
        member((await facts.channels()).departments, command.data.departmentId) !== undefined,
      catalogue: command.type === 'SetSkills' ? await facts.catalogue() : noCatalogue,
      deputy: command.type === 'PlanLeave' ? await facts.specialist(command.data.deputyId) : null,
      standsIn: command.type === 'PlanLeave' ? await advisory.dutiesAsDeputy(id) : [],
    }),
  ),
  specialistAssignment: bind<AssignmentCommand, AssignmentEvent, AssignmentFacts, AssignFacts>(
    assignment,
    async (ports, base, { id, command }) => {
      const wanted = command.type === 'AssignPrimarySpecialist' ? command.data.specialistId : command.data.toSpecialistId;
      const [talentKnown, found] = await Promise.all([ports.facts.talentKnown(id), ports.facts.specialist(wanted)]);
      return { ...base, talentKnown, specialistKnown: found !== null };
    },
  ),
  handOver: bind<HandOverCommand, HandOverEvent, HandOverFacts | null, HandOverRuleFacts>(
    handOver,
    async ({ facts, advisory }, base, { command }) => {
      if (command.type === 'CompleteHandOver') return { ...base, from: null, to: null, caseIds: [], talentIds: [] };
      const { fromSpecialistId, toSpecialistId } = command.data;
      const [from, to, inHand] = await Promise.all([
        facts.specialist(fromSpecialistId),
        facts.specialist(toSpecialistId),
        advisory.inHandOf(fromSpecialistId),
      ]);
      return { ...base, from, to, ...inHand };
    },
  ),
  cardHolder: bind<CardCommand, CardEvent, CardHolderFacts, CardRuleFacts>(
    cardHolder,
    async (ports, base, { id, command, caller }) => ({
      ...base,
      talentKnown: command.type === 'ApplyForCard' || command.type === 'IssueCard' ? await ports.facts.talentKnown(id) : true,
      actorTalentId: caller.talentId ?? null,
      holderId: id,
      today: officeDay(base.now),
    }),
  ),
  queueViews: bind<QueueViewCommand, QueueViewEvent, QueueViewNames, QueueViewRuleFacts>(
    queueViews,
    async ({ facts }, base, { caller }) => ({
      ...base,
      departmentId: caller.role === 'department' || caller.role === 'specialist' ? await departmentOf(facts, caller) : null,
    }),
  ),
  case: bind<CaseCommand, CaseEvent, CaseFacts | null, CaseRuleFacts>(caseDecider, caseFacts),
};

export type Aggregate = keyof typeof bindings;
export type CommandOf<A extends Aggregate> = Parameters<(typeof bindings)[A]['decider']['decide']>[0];

async function caseFacts(
  ports: Ports,
  base: BaseFacts,
  { command, caller, state }: { readonly command: CaseCommand; readonly caller: Caller; readonly state: CaseFacts | null },
): Promise<CaseRuleFacts> {
  const { facts, numbers } = ports;
  const needs = needsOf(command.type);
  const registering = command.type === 'RegisterCase' ? command.data.talentId : null;
  const about = registering ?? state?.talentId ?? null;
  const [time, catalogueNow, channelsNow, departmentId, talentKnown, talentEmployerId, category, candidates] = await Promise.all([
    needs.includes('time') ? facts.time() : needs.includes('time-as-promised') ? timeAsPromised(facts, state) : undefined,
    needs.includes('catalogue') ? facts.catalogue() : undefined,
    needs.includes('channels') ? facts.channels() : undefined,
    departmentOf(facts, caller),
    registering === null ? true : facts.talentKnown(registering),
    about !== null && caller.role === 'employer' ? facts.talentEmployer(about) : null,
    state && needs.includes('category') ? facts.talentCategory(state.talentId) : undefined,
    candidatesFor(ports, { needs, command, state, caller, now: base.now }),
  ]);
  const number = registering !== null && talentKnown ? await numbers.next(Number(officeDay(base.now).slice(0, 4))) : null;
  return {
    ...base,
    caller: {
      talentId: caller.talentId ?? null,
      departmentId,
      specialistId: caller.specialistId ?? null,
      employerId: caller.employerId ?? null,
    },
    get time() {
      return time ?? undeclared('time');
    },
    get catalogue() {
      return catalogueNow ?? undeclared('catalogue');
    },
    get channels() {
      return channelsNow ?? undeclared('channels');
    },
    candidates,
    talentKnown,
    talentEmployerId,
    get category() {
      return category ?? undeclared('category');
    },
    number,
  };
}

/** Calendar and policy as far as the case's clocks name them. */
function timeAsPromised(facts: FactSources, state: CaseFacts | null): Promise<TimeReference> {
  const clocks = state?.clocks ?? [];
  const latest = (versions: number[]) => Math.max(0, ...versions);
  return facts.timeHolding(
    latest(clocks.map(({ calendarVersion }) => calendarVersion)),
    latest(clocks.map(({ policyVersion }) => Number(policyVersion))),
  );
}

function undeclared(need: string): never {
  throw new Error(`The rule does not declare that it needs ${need}`);
}

/** A specialist's department is what the enrolment says, whatever a token claims. */
async function departmentOf(facts: FactSources, caller: Caller): Promise<string | null> {
  if (caller.role !== 'specialist') return caller.departmentId ?? null;
  if (caller.specialistId === undefined) return null;
  return (await facts.specialist(caller.specialistId))?.departmentId ?? null;
}
