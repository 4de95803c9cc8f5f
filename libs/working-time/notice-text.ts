import type { Interval } from './calendar.js';
import { WorkingTimeError } from './errors.js';
import type { NoticeDay } from './notice.js';

const bad = (field: string, message: string) => new WorkingTimeError('INVALID_NOTICE', field, message);
const COLUMNS = ['date', 'isOffDay', 'name', 'hours'] as const;
type Column = (typeof COLUMNS)[number];

/**
 * Reads days from CSV: a head line that names the columns `date`, `isOffDay` and, where wanted, `name` and `hours`
 * (`09:00-12:00 13:00-17:00`), in any order; then one day a line. Fields may be quoted. Dates themselves are judged by `withNotice`.
 * @throws WorkingTimeError INVALID_NOTICE naming the line, the head being line 1
 */
export function parseDaysCsv(text: string): NoticeDay[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  const columns = headOf(lines[0]);
  return lines.slice(1).map((line, i) => {
    const field = `csv.line[${i + 2}]`;
    const cells = cellsOf(line, field);
    if (cells.length !== columns.length) throw bad(field, `it has ${cells.length} columns, the head has ${columns.length}`);
    const cell = (column: Column) => cells[columns.indexOf(column)]?.trim() ?? '';
    const hours = cell('hours') === '' ? undefined : hoursOf(cell('hours'), `${field}.hours`);
    return {
      date: cell('date'),
      isOffDay: isOff(cell('isOffDay'), `${field}.isOffDay`),
      ...(cell('name') === '' ? {} : { name: cell('name') }),
      ...(hours === undefined ? {} : { hours }),
    };
  });
}

function headOf(line: string | undefined): Column[] {
  const names = line === undefined ? [] : cellsOf(line, 'csv.line[1]').map((name) => name.trim());
  for (const name of names)
    if (!COLUMNS.includes(name as Column)) throw bad('csv.line[1]', 'it names a column that is not known');
  if (new Set(names).size !== names.length) throw bad('csv.line[1]', 'it names a column twice');
  for (const needed of ['date', 'isOffDay']) if (!names.includes(needed)) throw bad('csv.line[1]', `it has no column ${needed}`);
  return names as Column[];
}

function cellsOf(line: string, field: string): string[] {
  const cells: string[] = [];
  const form = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;
  for (;;) {
    const match = form.exec(line);
    if (!match) throw bad(field, 'a quote in it is not closed');
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return cells;
  }
}

function isOff(text: string, field: string): boolean {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw bad(field, 'it is neither true nor false');
}

function hoursOf(text: string, field: string): Interval[] {
  return text.split(/\s+/).map((part) => {
    const match = /^(\d{2}:\d{2})[-–](\d{2}:\d{2})$/.exec(part);
    if (!match) throw bad(field, 'hours are HH:MM-HH:MM, with a space between two stretches');
    return { from: match[1]!, to: match[2]! };
  });
}
