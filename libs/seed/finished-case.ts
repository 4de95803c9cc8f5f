import type { Satisfaction } from '../contexts/cases/contract.js';
import type { CaseScript } from './case-script.js';
import type { FinishedStory } from './figures.js';
import type { Office } from './office.js';

/** How a matter that is over at the end of the year went. */
export function tellFinished(story: FinishedStory, script: CaseScript, office: Office, registeredAt: number): void {
  script.register(registeredAt);
  STORIES[story](script, office);
}

const STORIES: { readonly [S in FinishedStory]: (script: CaseScript, office: Office) => void } = {
  plain: (s) => ended(inHand(s).submitInTime()),

  answered: (s) => {
    s.answerDirectly();
    if (s.spec.rating !== null) s.rate(s.spec.rating);
  },

  signedForLate: (s) => ended(contacted(s.accept().dispatch().signFor([130, 300])).submitInTime()),

  overdue: (s, office) => {
    inHand(s);
    ended(s.submitAt(office.after(s.due, s.draw.between(30, 2_400))));
    if (!s.draw.chance(0.25)) return;
    s.excuse([60, 900]);
    if (s.draw.chance(0.3)) s.withdrawExcuse([60, 900]);
  },

  paused: (s, office) => {
    inHand(s);
    s.pauseAt(office.part(s.at, s.due, s.draw.between(0.1, 0.6))).resume([800, 3_000]);
    ended(s.submitInTime(0.2, 0.95));
  },

  extended: (s, office) => {
    inHand(s);
    const days = s.draw.int(3, 10);
    s.askExtension(office.part(s.at, s.due, s.draw.between(0.4, 0.8)), days);
    s.grantExtension(office.part(s.at, s.due, s.draw.between(0.1, 0.8)), days);
    ended(s.submitInTime(0.3, 0.95));
  },

  // Asked before due and granted after it: what was recorded as missed is taken back.
  extendedAfterDue: (s, office) => {
    inHand(s);
    const days = s.draw.int(3, 8);
    s.askExtension(office.part(s.at, s.due, s.draw.between(0.9, 0.97)), days);
    s.grantExtension(office.after(s.due, s.draw.between(30, 200)), days);
    ended(s.submitInTime(0.3, 0.9));
  },

  extensionRefused: (s, office) => {
    inHand(s);
    s.askExtension(office.part(s.at, s.due, s.draw.between(0.3, 0.5)), s.draw.int(5, 10));
    ended(s.refuseExtension([30, 120]).submitInTime(0.3, 0.9));
  },

  returned: (s) => {
    const wrong = s.wrongDepartment();
    s.accept().dispatch([2, 60], wrong);
    if (s.draw.chance(0.4)) s.signFor();
    ended(contacted(s.returnToDispatcher().dispatch([10, 120]).signFor()).submitInTime());
  },

  reopened: (s) => {
    inHand(s).submitInTime().acceptResult();
    s.reached(false, s.draw.pick([1, 2])).reopen();
    contacted(s.dispatch().signFor()).submitInTime().acceptResult();
    s.reached(true, s.draw.pick([3, 4])).close();
  },

  dissatisfied: (s) => {
    inHand(s).submitInTime().acceptResult();
    const satisfaction = s.draw.pick([1, 2] as const);
    s.reached(s.draw.chance(0.5), satisfaction).close();
    if (s.spec.rating !== null) s.rate(satisfaction).putRight();
  },

  sentBack: (s) => ended(inHand(s).submitInTime(0.2, 0.5).sendBack().submitInTime(0.2, 0.8)),

  declined: (s) => void s.decline(),

  withdrawn: (s) => {
    const far = s.draw.int(1, 3);
    s.accept();
    if (far > 1) s.dispatch();
    if (far > 2) contacted(s.signFor());
    s.withdraw([10, 200]);
  },
};

/** Accepted, with its department, taken, the requester called and the department's opinion given. */
export const inHand = (s: CaseScript): CaseScript => contacted(s.accept().dispatch().signFor());

const contacted = (s: CaseScript): CaseScript => s.take().contact().giveOpinion();

/** From the accepted result to the file being closed, the requester being content. */
function ended(s: CaseScript): void {
  s.acceptResult();
  const satisfaction = s.draw.weighted([5, 4, 3] as const, (level): number => ({ 5: 50, 4: 35, 3: 15 })[level]) as Satisfaction;
  if (s.spec.unreachableFirst) s.notReached();
  // Some are never reached; two attempts are enough to close.
  if (s.spec.unreachableFirst && s.draw.chance(0.2)) s.notReached([300, 700]);
  else s.reached(s.spec.outcome === 'SOLVED' || s.spec.outcome === 'ANSWERED', satisfaction);
  s.close();
  if (s.spec.rating !== null) s.rate(s.spec.rating);
}
