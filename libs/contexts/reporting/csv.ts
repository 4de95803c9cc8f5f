/** Told to Excel, which takes a file without it for one in the code page of the machine. */
export const BYTE_ORDER_MARK = '\ufeff';

/** What a spreadsheet would take for a formula, also behind blanks. */
const FORMULA = /^\s*[=+\-@\t\r]/;

/** One field: always quoted; what would be a formula begins with an apostrophe, so that it is shown and not reckoned. */
export function csvField(value: string | number | null): string {
  if (value === null) return '""';
  if (typeof value === 'number') return `"${value}"`;
  const text = FORMULA.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

/** One line as RFC 4180 has it. */
export const csvLine = (fields: readonly (string | number | null)[]): string => `${fields.map(csvField).join(',')}\r\n`;
