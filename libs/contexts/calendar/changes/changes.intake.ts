import { type CommandResult, canonicalJson, createdIdOf } from '@huicai/kernel';
import type { CommandSide } from '../../edge.js';
import type { CalendarCommand, PolicyCommand } from '../contract.js';
import type { ApplyChangeBody, UndoChangeBody } from './changes.bodies.js';

/** Puts a newer version of a calendar on clocks that run. @throws Refusal of the rulebook of calendars */
export function applyCalendarChange(side: CommandSide, calendarId: string, body: ApplyChangeBody): Promise<CommandResult> {
  const { mode, to, fromDay = null, reason } = body;
  const changeId = createdIdOf(side.meta.commandId, 'calendar-change');
  const command: CalendarCommand = { type: 'ApplyCalendarChange', data: { changeId, mode, to, fromDay, reason } };
  return send(side, { aggregate: 'calendar', id: calendarId, command }, body);
}

/** Takes a change back: clocks go by what they went by without it. @throws Refusal of the rulebook of calendars */
export function undoCalendarChange(
  side: CommandSide,
  calendarId: string,
  changeId: string,
  body: UndoChangeBody,
): Promise<CommandResult> {
  const { reason } = body;
  const command: CalendarCommand = { type: 'UndoCalendarChange', data: { changeId, reason } };
  return send(side, { aggregate: 'calendar', id: calendarId, command }, { changeId, ...body });
}

/** Gives clocks that run the limits of a newer version. @throws Refusal of the rulebook of policies */
export function applyPolicyChange(side: CommandSide, policyId: string, body: ApplyChangeBody): Promise<CommandResult> {
  const { mode, to, fromDay = null, reason } = body;
  const changeId = createdIdOf(side.meta.commandId, 'policy-change');
  const command: PolicyCommand = { type: 'ApplyPolicyChange', data: { changeId, mode, to, fromDay, reason } };
  return send(side, { aggregate: 'policy', id: policyId, command }, body);
}

/** Takes a change back: clocks have the limits they have without it. @throws Refusal of the rulebook of policies */
export function undoPolicyChange(
  side: CommandSide,
  policyId: string,
  changeId: string,
  body: UndoChangeBody,
): Promise<CommandResult> {
  const { reason } = body;
  const command: PolicyCommand = { type: 'UndoPolicyChange', data: { changeId, reason } };
  return send(side, { aggregate: 'policy', id: policyId, command }, { changeId, ...body });
}

interface Sent {
  readonly aggregate: 'calendar' | 'policy';
  readonly id: string;
  readonly command: CalendarCommand | PolicyCommand;
}

async function send({ gateway, caller, meta }: CommandSide, sent: Sent, asked: object): Promise<CommandResult> {
  const commandHash = await gateway.vault.commandHash(canonicalJson({ [`${sent.aggregate}Id`]: sent.id, ...asked }), null);
  return gateway.send({ ...sent, caller, context: { ...meta, commandHash } });
}
