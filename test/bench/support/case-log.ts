import { randomUUID } from 'node:crypto';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { allProjections, type HuicaiSystem, ourAggregates, upcasters } from '@huicai/composition';
import type { StoredEvent } from '@huicai/event-store';
import { eventTime, recorded, splitStreamName } from '@huicai/kernel';
import type { CaseEvent } from '../../../libs/contexts/cases/contract.js';
import { type CaseFacts, foldCase } from '../../../libs/contexts/cases/facts.js';
import { COURSES, type Office, takeThrough } from '../../faults/office.fixture.js';

export type Course = readonly StoredEvent[];

/** Takes one case through every course there is, by commands, and gives the events that the rulebook made of each. */
export async function recordCourses(office: Office): Promise<Course[]> {
  const courses: Course[] = [];
  const start = office.clock.time;
  for (const [i, acts] of COURSES.entries()) {
    office.clock.time = start + i * 60_000;
    const { caseId } = await takeThrough(office, acts, { talentId: office.talentIds[i % 3]! });
    const course: StoredEvent[] = [];
    for await (const event of office.system.store.readStream(`case-${caseId}`)) course.push(event);
    courses.push(course);
  }
  office.clock.time = start;
  return courses;
}

export interface LogLoad {
  /** How many events to add; the last cases are told to their end. */
  readonly events: number;
  /** So many cases go on side by side: the events of one lie about this many cases' events apart. */
  readonly openAtOnce: number;
  readonly inFlight: number;
  /** By how much later than recorded everything happens at least, milliseconds. */
  readonly later?: number;
}

/** Cases as they were recorded, under other ids, numbers and times, and mixed as in an office where many are open at once. */
export async function fillLog(client: EventStoreDBClient, courses: readonly Course[], load: LogLoad): Promise<number> {
  const random = reproducible(20_260_928);
  let planned = 0;
  let written = 0;
  const next = (): CaseCopy | undefined => {
    if (planned >= load.events) return undefined;
    const course = courses[Math.floor(random() * courses.length)]!;
    planned += course.length;
    return new CaseCopy(course, randomUUID(), planned, (load.later ?? 0) + Math.floor(random() * 3 * 86_400) * 1_000);
  };
  const open: CaseCopy[] = [];
  for (;;) {
    while (open.length < load.openAtOnce) {
      const one = next();
      if (!one) break;
      open.push(one);
    }
    if (open.length === 0) return written;
    const taken = new Set<CaseCopy>();
    for (let n = Math.min(load.inFlight, open.length); n > 0; n--) taken.add(open[Math.floor(random() * open.length)]!);
    await Promise.all([...taken].map((one) => one.append(client)));
    written += taken.size;
    for (const one of taken) if (one.isOver) open.splice(open.indexOf(one), 1);
  }
}

class CaseCopy {
  private at = 0;

  constructor(
    private readonly course: Course,
    private readonly caseId: string,
    private readonly number: number,
    /** By how much later everything happens, milliseconds. */
    private readonly later: number,
  ) {}

  get isOver(): boolean {
    return this.at === this.course.length;
  }

  async append(client: EventStoreDBClient): Promise<void> {
    const { type, data, metadata } = this.course[this.at++]!;
    const own = type === 'CaseRegistered' ? { caseId: this.caseId, number: `YB2026${String(this.number).padStart(8, '0')}` } : {};
    const told = metadata as Record<string, unknown>;
    const event = jsonEvent({
      id: randomUUID(),
      type,
      data: { ...(data as object), ...own } as never,
      metadata: { ...told, occurredAt: this.moved(told.occurredAt), recordedAt: this.moved(told.recordedAt) } as never,
    });
    await client.appendToStream(`case-${this.caseId}`, [event]);
  }

  private moved(instant: unknown): string {
    return new Date(Date.parse(String(instant)) + this.later).toISOString();
  }
}

/** The same numbers between 0 and 1 in every run. */
function reproducible(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What every set of tables made from the log must hold, found by folding it here, event by event. */
export interface Expected {
  /** All events of the log, those that are nobody's included. */
  readonly events: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly cycles: number;
  readonly submittedCycles: number;
  readonly byType: Readonly<Record<string, number>>;
}

/** What the whole log tells. */
export async function expectedOf(system: HuicaiSystem): Promise<Expected> {
  const tally = new Tally();
  for await (const event of system.store.readAll()) tally.add(event);
  return tally.result();
}

/** What these events alone tell. */
export function expectedOfEvents(events: Iterable<StoredEvent>): Expected {
  const tally = new Tally();
  for (const event of events) tally.add(event);
  return tally.result();
}

/** Follows each case by itself: no batches, no tables. */
class Tally {
  private readonly cases = new Map<string, CaseFacts>();
  private readonly byType: Record<string, number> = {};
  private events = 0;

  add(stored: StoredEvent): void {
    this.events++;
    const { aggregate } = splitStreamName(stored.stream);
    if (stored.type.startsWith('$') || !ourAggregates.has(aggregate)) return;
    if (KEPT.has(stored.type)) this.byType[stored.type] = (this.byType[stored.type] ?? 0) + 1;
    if (aggregate !== 'case') return;
    const event = recorded(stored, upcasters);
    const facts = foldCase(this.cases.get(stored.stream) ?? null, event as unknown as CaseEvent, eventTime(event));
    if (facts) this.cases.set(stored.stream, facts);
  }

  result(): Expected {
    const byStatus: Record<string, number> = {};
    let cycles = 0;
    let submittedCycles = 0;
    for (const { status, cycle, submittedAt, sealedCycles } of this.cases.values()) {
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      cycles += cycle;
      const submitted = [submittedAt, ...sealedCycles.map((sealed) => sealed.submittedAt)];
      submittedCycles += submitted.filter((at) => at !== null).length;
    }
    return { events: this.events, byStatus, cycles, submittedCycles, byType: this.byType };
  }
}

/** Types of events that the history keeps. */
const KEPT: ReadonlySet<string> = new Set([...allProjections].find(([{ name }]) => name === 'history')![1]);
