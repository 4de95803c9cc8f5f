import type { CaseStep } from '../contexts/cases/case.intake.js';
import type { Caller } from '../contexts/gateway.js';
import type { CaseScript } from './case-script.js';
import { Draw } from './draw.js';
import type { Step } from './steps.js';
import { WORDS } from './texts.js';
import type { World } from './world.js';

/** Office time between two steps in which words find a place, milliseconds. */
const ROOM_MS = 60 * 60_000;

/**
 * The steps of a case with what is written while it is in hand: a note of whoever handles it, a question of the talent and its answer.
 * Drawn apart, so that they move nothing else in the year.
 */
export function withWords({ office, span, seed }: World, script: CaseScript): Step[] {
  const { steps, spec, caseId } = script;
  const draw = new Draw(seed, 'words', spec.n);
  const place = steps.findIndex(({ act }) => act.kind === 'step-case' && act.step.type === 'GiveOpinion');
  const opinion = steps[place];
  const end = steps[place + 1]?.at ?? span.to;
  if (!opinion || office.calendar.officeTime(opinion.at, end) < ROOM_MS) return [...steps];
  const written = (part: number, caller: Caller, step: CaseStep): Step => ({
    key: script.key(`words-${part}-${step.type}`),
    at: office.part(opinion.at, end, part),
    caller,
    act: { kind: 'step-case', caseId, step },
  });
  const { caller: handler } = opinion;
  const words: Step[] = [];
  if (draw.chance(0.12)) words.push(written(0.2, handler, { type: 'AddNote', note: draw.pick(WORDS.notes) }));
  if (draw.chance(0.1)) {
    words.push(written(0.4, spec.talent.caller, { type: 'SendMessage', message: draw.pick(WORDS.asked) }));
    words.push(written(0.6, handler, { type: 'SendMessage', message: draw.pick(WORDS.answered) }));
  }
  return [...steps.slice(0, place + 1), ...words, ...steps.slice(place + 1)];
}
