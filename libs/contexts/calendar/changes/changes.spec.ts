import { cnLanshanHistory } from '@huicai/working-time';
import { specOf } from '../../../kernel/spec-dsl.js';
import { calendar } from '../calendar.js';
import type { CalendarCommand, CalendarEvent } from '../contract.js';
import { calendarDataOf } from '../facts.js';

const { given } = specOf(calendar);
const NOW = Date.parse('2026-10-12T10:00:00+08:00');
const facts = { now: NOW, actor: { id: 'supervisor-1', role: 'supervisor' as const } };
const published = cnLanshanHistory().map((version) => ({
  event: { type: 'CalendarVersionPublished', data: { calendar: calendarDataOf(version) } } as CalendarEvent,
  at: Date.parse('2025-12-01T00:00:00Z'),
}));
const data = { changeId: 'change-1', mode: 'retroactive', to: 10, fromDay: null, reason: '通知' } as const;
const apply = (more: object = {}): CalendarCommand => ({ type: 'ApplyCalendarChange', data: { ...data, ...more } });
const undo = (changeId = 'change-1', reason = '撤回'): CalendarCommand => ({
  type: 'UndoCalendarChange',
  data: { changeId, reason },
});
const applied = [
  ...published,
  { event: { type: 'CalendarChangeApplied', data: { ...data, approvedBy: 'supervisor-1' } } as CalendarEvent, at: NOW },
];
const undone = [
  ...applied,
  {
    event: {
      type: 'CalendarChangeUndone',
      data: { changeId: 'change-1', reason: '撤回', approvedBy: 'supervisor-1' },
    } as CalendarEvent,
    at: NOW,
  },
];

describe('putting a version of the calendar on clocks that run', () => {
  it('is one event, which names who answers for it', () => {
    given(published)
      .when(apply(), facts)
      .then([{ type: 'CalendarChangeApplied', data: { ...data, approvedBy: 'supervisor-1' } }]);
  });

  it.each<[string, object, string, string]>([
    ['a version there is not', { to: 11 }, 'calendar-version-not-found', 'to'],
    ['the first, which none came before', { to: 1 }, 'change-not-later', 'to'],
    ['no reason', { reason: ' ' }, 'reason-needed', 'reason'],
    ['a day for all days', { fromDay: '2026-10-13' }, 'unknown-field', 'fromDay'],
    ['no day for some days', { mode: 'prospective' }, 'field-required', 'fromDay'],
    ['a day before today', { mode: 'prospective', fromDay: '2026-10-11' }, 'change-in-the-past', 'fromDay'],
    ['what is no day', { mode: 'prospective', fromDay: '2026-13-01' }, 'date-invalid', 'fromDay'],
    ['a day no version reaches', { mode: 'prospective', fromDay: '2099-01-01' }, 'date-invalid', 'fromDay'],
  ])('refuses %s', (_, more, code, field) => {
    given(published).when(apply(more), facts).thenRefused(code, { field });
  });

  it('refuses a version that does not reach back as far as clocks may have begun', () => {
    const { announcedAt: _, ...latest } = calendarDataOf(cnLanshanHistory().at(-1)!);
    const recent = { ...latest, version: 11, publishedYears: [2026], exceptions: [] };
    const more = [
      ...published,
      { event: { type: 'CalendarVersionPublished', data: { calendar: recent } } as CalendarEvent, at: NOW },
    ];
    const oldest = 2019 - 5;
    given(more)
      .when(apply({ to: 11 }), facts)
      .thenRefused('change-reaches-less', { field: 'to', params: { from: oldest } });
    given(more)
      .when(apply({ to: 11, mode: 'keep' }), facts)
      .then([expect.objectContaining({ type: 'CalendarChangeApplied' })] as never);
  });

  it('takes only a later version than the one that stands, until that is undone; one that was kept back does not stand', () => {
    given(applied)
      .when(apply({ changeId: 'change-2' }), facts)
      .thenRefused('change-not-later', { field: 'to' });
    given(applied)
      .when(apply({ changeId: 'change-2', to: 9 }), facts)
      .thenRefused('change-not-later', { field: 'to' });
    given(undone)
      .when(apply({ changeId: 'change-2' }), facts)
      .then([expect.objectContaining({ type: 'CalendarChangeApplied' })] as never);
    const kept = [
      ...published,
      {
        ...applied.at(-1)!,
        event: { type: 'CalendarChangeApplied', data: { ...data, mode: 'keep', approvedBy: 'x' } } as CalendarEvent,
      },
    ];
    given(kept)
      .when(apply({ changeId: 'change-2' }), facts)
      .then([expect.objectContaining({ type: 'CalendarChangeApplied' })] as never);
  });
});

describe('taking a change back', () => {
  it('is one event, and happens once', () => {
    given(applied)
      .when(undo(), facts)
      .then([{ type: 'CalendarChangeUndone', data: { changeId: 'change-1', reason: '撤回', approvedBy: 'supervisor-1' } }]);
    given(undone).when(undo(), facts).thenRefused('calendar-change-undone');
  });

  it('is of a change there is, and has a reason', () => {
    given(applied).when(undo('change-2'), facts).thenRefused('calendar-change-not-found', { field: 'changeId' });
    given(applied).when(undo('change-1', ''), facts).thenRefused('reason-needed', { field: 'reason' });
  });
});
