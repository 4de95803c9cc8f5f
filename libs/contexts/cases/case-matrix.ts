import type { Role } from '@huicai/kernel';
import { caseRules } from './case.js';
import { CASE_STATUSES } from './state.js';

const STATUSES = ['NEW', ...CASE_STATUSES] as const;
const ROLES: readonly (readonly [Role, string])[] = [
  ['talent', 'T'],
  ['employer', 'E'],
  ['window', 'W'],
  ['department', 'D'],
  ['specialist', 'S'],
  ['supervisor', 'V'],
  ['system', '⚙'],
];

/** The rule table of a case as a page: which role can take which step in which status, and what the others are told. */
export function caseMatrix(): string {
  const conditions = [...new Set(caseRules.flatMap(({ when }) => (when ? [when.says] : [])))];
  const row = ({ command, from, roles, when }: (typeof caseRules)[number]) => {
    const letters = ROLES.filter(([role]) => roles.includes(role)).map(([, letter]) => letter);
    const mark = when ? ` ${conditions.indexOf(when.says) + 1}` : '';
    const cells = STATUSES.map((status) => (from.includes(status) ? `${letters.join('')}${mark}` : '·'));
    return `| ${[command, ...cells].join(' | ')} |`;
  };
  return [
    '# Steps of a case',
    '',
    'Made by `npm run -s cli -- matrix > docs/case-matrix.md` from the rule table; the test of the table walks every cell of it with every role.',
    '',
    `${ROLES.map(([role, letter]) => `${letter} ${role}`).join(', ')}. A number is a condition below.`,
    '',
    '- A role that is not named in a row is refused with `role-not-allowed` (403), whatever the status.',
    '- Somebody the case is none of the business of is refused with `not-yours` (403).',
    '- A dot, or a condition that does not hold, is `illegal-step` (409), which lists what is possible now; before registration it is `case-not-found` (404).',
    '- What else a step refuses (windows of time, limits, fields) has a code of its own; see `libs/http/problem-texts.ts`.',
    '',
    `| step | ${STATUSES.join(' | ')} |`,
    `|---|${STATUSES.map(() => '---|').join('')}`,
    ...caseRules.map(row),
    '',
    ...conditions.map((says, i) => `${i + 1}. ${says}`),
  ].join('\n');
}
