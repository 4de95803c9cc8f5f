import type { EpochDay } from '@huicai/working-time';
import type { Urgency } from '../contexts/cases/contract.js';
import type { CaseScript } from './case-script.js';
import type { OpenState } from './figures.js';
import { inHand } from './finished-case.js';
import type { World } from './world.js';

/** How urgent a matter must be for its state to come about in time. */
export const OPEN_URGENCY: { readonly [S in OpenState]: Urgency } = {
  registered: 'NORMAL',
  accepted: 'NORMAL',
  dispatched: 'NORMAL',
  untaken: 'NORMAL',
  inHand: 'NORMAL',
  extensionAsked: 'COMPLEX',
  yellow: 'NORMAL',
  red: 'NORMAL',
  paused: 'COMPLEX',
  submitted: 'NORMAL',
  resultAccepted: 'NORMAL',
};

/** How a matter that is open at the close of the year's last day came to stand where it stands. */
export function tellOpen(state: OpenState, script: CaseScript, world: World, nth: number): void {
  const { office, span } = world;
  const { draw } = script;
  const today = span.anchorDay;
  const ago = (workingDays: number): EpochDay => office.workingDay(today, -workingDays);
  const on = (day: EpochDay, from: string, to: string): number => office.moment(day, draw, from, to);
  const morning = (workingDaysAgo: number): CaseScript => script.register(on(ago(workingDaysAgo), '09:05', '10:45'));
  switch (state) {
    case 'registered':
      script.register(on(today, '16:10', '16:55'));
      return;
    case 'accepted':
      script.register(on(today, '14:20', '15:40')).accept([5, 30]);
      return;
    case 'dispatched':
      // Later than two hours before the close, so that nothing is late yet.
      script
        .register(on(today, '13:30', '14:30'))
        .accept([40, 60])
        .dispatch([62, 75]);
      return;
    case 'untaken':
      script
        .register(on(today, '13:30', '14:30'))
        .accept([40, 60])
        .dispatch([62, 75])
        .signFor([4, 12]);
      return;
    case 'inHand':
      inHand(morning(1 + (nth % 3)));
      return;
    case 'extensionAsked':
      inHand(morning(13)).askExtension(on(ago(1), '14:00', '16:00'), 5);
      return;
    case 'yellow':
      // Five working days end with the next one.
      inHand(morning(4));
      return;
    case 'red':
      inHand(morning(7 + (nth % 6)));
      return;
    case 'paused':
      inHand(morning(6 + (nth % 4))).pauseAt(on(ago(1 + (nth % 4)), '10:00', '11:30'));
      return;
    case 'submitted':
      inHand(morning(3)).submitAt(on(today, '14:00', '16:30'));
      return;
    case 'resultAccepted':
      inHand(morning(4))
        .submitAt(on(ago(2), '13:10', '15:50'))
        .acceptResult([20, 200]);
      if (nth % 2 === 1) script.notReached([420, 500]);
      return;
  }
}
