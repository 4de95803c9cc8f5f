import { setTimeout as delay } from 'node:timers/promises';
import type { HuicaiSystem } from '@huicai/composition';
import { stepCase } from '../../../libs/contexts/cases/case.intake.js';
import type { CaseFacts } from '../../../libs/contexts/cases/facts.js';
import type { Caller } from '../../../libs/contexts/gateway.js';
import { type Act, accept, dispatch, meta, type Office, sign, take, takeThrough, type Who } from '../../faults/office.fixture.js';
import { quantiles, type Result, round } from './measure.js';

export interface LagLoad {
  readonly perSecond: number;
  readonly commands: number;
}

const STEPS: readonly Act[] = [accept, dispatch(), sign, take];
/** Pause between two looks at how far the view is, milliseconds. */
const LOOK_MS = 2;

interface Sent {
  readonly position: bigint;
  /** When it was sent, when its event was decided and about to be appended, and when the append was answered; milliseconds. */
  readonly sent: number;
  readonly decided: number;
}

/**
 * Sends commands at a fixed rate, whether those before have been answered or not, and looks all the while how far the queue is that
 * a worker keeps. Rows and checkpoint of it are committed together, so what its checkpoint has passed can be read.
 */
export async function liveLag(office: Office, clock: { now(): number }, load: LagLoad): Promise<Result[]> {
  const { system } = office;
  const cases: Target[] = [];
  while (cases.length < load.commands / STEPS.length) cases.push(await register(office));
  await becomes(async () => (await handled(system)) >= cases.at(-1)!.position);
  const waiting: Sent[] = [];
  const took: Record<'append' | 'command', number[]> = { append: [], command: [] };
  let done = false;
  const look = async () => {
    while (!done || waiting.length > 0) {
      const position = await handled(system);
      const now = clock.now();
      for (let i = waiting.length - 1; i >= 0; i--)
        if (waiting[i]!.position <= position) {
          const [{ decided, sent }] = waiting.splice(i, 1) as [Sent];
          took.append.push(now - decided);
          took.command.push(now - sent);
        }
      await delay(LOOK_MS);
    }
  };
  const looking = look();
  const from = performance.now();
  const running = new Map<Target, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  for (let n = 0; n < load.commands && !failure; n++) {
    const due = from + (n / load.perSecond) * 1_000;
    if (due > performance.now()) await delay(due - performance.now());
    const [target, act] = [cases[n % cases.length]!, STEPS[Math.floor(n / cases.length)]!];
    // Its turn before this one was long ago, but a busy machine may have it under way still.
    const work = (running.get(target) ?? Promise.resolve()).then(() => step(office, target, act, clock));
    const noted = work.then(
      (one) => void waiting.push(one),
      (error: unknown) => {
        failure ??= { error };
      },
    );
    running.set(target, noted);
  }
  const seconds = (performance.now() - from) / 1_000;
  await Promise.all(running.values());
  done = true;
  await looking;
  if (failure) throw failure.error;
  return [
    { name: 'commands sent', value: round(load.commands / seconds), unit: '/s' },
    { name: 'append until visible', value: quantiles(took.append).p50!, unit: 'ms', ...quantiles(took.append) },
    { name: 'command until visible', value: quantiles(took.command).p50!, unit: 'ms', ...quantiles(took.command) },
  ];
}

interface Target {
  readonly caseId: string;
  readonly subjects: CaseFacts['subjects'];
  readonly position: bigint;
}

async function register(office: Office): Promise<Target> {
  const { caseId, position } = await takeThrough(office, []);
  for await (const { data } of office.system.store.readStream(`case-${caseId}`, { maxCount: 1 }))
    return { caseId, position, subjects: (data as Pick<CaseFacts, 'subjects'>).subjects };
  throw new Error(`Case ${caseId} was not registered`);
}

async function step(office: Office, target: Target, act: Act, clock: { now(): number }): Promise<Sent> {
  const [who, what] = act as Exclude<Act, number | string>;
  const sent = clock.now();
  const { position, events } = await stepCase(office.system, callerOf(who, office), meta(), target, what);
  return { position: position!, sent, decided: Date.parse(events[0]!.metadata.recordedAt) };
}

const CALLERS: Partial<Record<Who, Caller>> = {
  window: { id: 'window-1', role: 'window' },
  department: { id: 'department-1', role: 'department', departmentId: 'ybj' },
};

const callerOf = (who: Who, { specialistId }: Office): Caller =>
  CALLERS[who] ?? { id: 'specialist-1', role: 'specialist', specialistId };

async function handled({ pool }: HuicaiSystem): Promise<bigint> {
  const { rows } = await pool.query<{ position: string | null }>('select position::text from read.service_queue_checkpoint');
  return BigInt(rows[0]?.position ?? -1);
}

async function becomes(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
