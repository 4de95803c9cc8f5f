import { DEMO_DEPARTMENT_ID, DEMO_SPECIALIST_ID } from '@huicai/composition';
import { createdIdOf, systemCommandId } from '@huicai/kernel';
import { ITEMS_2024 } from '../contexts/catalogue/draft-2024.js';
import type { RoutingRule } from '../contexts/channels/contract.js';
import type { Caller } from '../contexts/gateway.js';
import type { Draw } from './draw.js';
import { SPECIALISTS } from './figures.js';
import type { Office, YearSpan } from './office.js';
import type { SyntheticPeople } from './people.js';
import type { Step } from './steps.js';
import { SIDES } from './texts.js';

export interface Specialist {
  readonly caller: Caller;
  readonly specialistId: string;
  readonly departmentId: string;
}

/** The command id of a step, the same in every run of a seed. */
export const commandIdOf = (seed: number, key: string): string => systemCommandId('seed', seed, key);

const several = (count: number, idOf: (n: number) => string, role: Caller['role']): Caller[] =>
  Array.from({ length: count }, (_, i) => ({ id: idOf(i + 1), role }));

/** Everyone who works in the year: window, callback desk, supervisors, departments and their specialists. */
export class Staff {
  readonly admin: Caller = { id: 'seed-admin-1', role: 'admin' };
  readonly steps: readonly Step[];
  private readonly windows = several(4, (n) => `seed-window-${n}`, 'window');
  private readonly callers = several(2, (n) => `seed-callback-${n}`, 'window');
  private readonly supervisors = several(2, (n) => `seed-supervisor-${n}`, 'supervisor');
  private readonly specialists: readonly Specialist[];

  constructor(seed: number, people: SyntheticPeople, office: Office, span: YearSpan) {
    const opening = office.calendar.openingOf(office.calendar.workingDayFrom(span.firstDay));
    const places = SPECIALISTS.flatMap(([departmentId, count]) =>
      Array.from({ length: count }, (_, i) => ({ departmentId, n: i + 1, key: `specialist/${departmentId}/${i + 1}` })),
    );
    this.specialists = places.map(({ departmentId, n, key }) => {
      const isDemo = departmentId === DEMO_DEPARTMENT_ID && n === 1;
      const specialistId = isDemo ? DEMO_SPECIALIST_ID : createdIdOf(commandIdOf(seed, key), 'specialist');
      const caller: Caller = { id: `seed-specialist-${departmentId}-${n}`, role: 'specialist', departmentId, specialistId };
      return { caller, specialistId, departmentId };
    });
    const enrolments = places.map(({ departmentId, n, key }, i): Step => {
      const kind = departmentId === 'spj' ? ('WINDOW' as const) : n === 4 ? ('EMPLOYER' as const) : ('ITEM' as const);
      return {
        key,
        at: opening + i * 20_000,
        caller: this.admin,
        act: {
          kind: 'enrol-specialist',
          specialistId: this.specialists[i]!.specialistId,
          input: { name: people.specialists[i]!, kind, departmentId },
        },
      };
    });
    this.steps = [...routingSteps(this.admin, opening, office), ...enrolments];
  }

  get demo(): Specialist {
    return this.specialists.find(({ specialistId }) => specialistId === DEMO_SPECIALIST_ID)!;
  }

  window(draw: Draw): Caller {
    return draw.pick(this.windows);
  }

  /** Who asks requesters how it went; handles nothing else. */
  callback(draw: Draw): Caller {
    return draw.pick(this.callers);
  }

  supervisor(draw: Draw): Caller {
    return draw.pick(this.supervisors);
  }

  department(departmentId: string): Caller {
    return { id: `seed-department-${departmentId}`, role: 'department', departmentId };
  }

  specialist(draw: Draw, departmentId: string): Specialist {
    return draw.pick(this.specialists.filter((one) => one.departmentId === departmentId));
  }

  /** One of those whom talents turn to. @param not somebody it must not be */
  primary(draw: Draw, not?: Specialist): Specialist {
    return draw.pick(this.specialists.filter((one) => (one.departmentId === 'spj' || one.departmentId === 'rsj') && one !== not));
  }

  /** A department a matter may be sent to by mistake. */
  wrongDepartment(draw: Draw, right: string): string {
    return draw.pick(SPECIALISTS.map(([departmentId]) => departmentId).filter((id) => id !== right));
  }
}

/** The categories of talents whose matters go by the green channel, and the items it is for. */
const GREEN = { categories: ['P1', 'P2', 'P3'], items: ['03', '04', '05', '07'] } as const;

/** The year begins with rules for every channel: what goes by the green channel (绿色通道) is led by whoever leads the item. */
function routingSteps(admin: Caller, at: number, office: Office): Step[] {
  const leadOf = (code: string) => ITEMS_2024.find((item) => item.code === code)!.leadDepartmentId;
  const rules: RoutingRule[] = GREEN.items.flatMap((itemCode) =>
    GREEN.categories.map((category) => ({
      ...{ itemCode, category, departmentId: leadOf(itemCode) },
      priority: category === 'P1' ? 'URGENT' : 'HIGH',
      fastTrack: true,
    })),
  );
  const effectiveFrom = office.dateOf(office.dayOf(at));
  return ['window', 'hotline', 'online', 'visit'].map((channelId, i) => ({
    key: `routing/${channelId}`,
    at: at + i * 1_000,
    caller: admin,
    act: { kind: 'publish-routing', rules: { channelId, effectiveFrom, rules, reason: SIDES.routing } },
  }));
}
