import { readFileSync } from 'node:fs';
import { caseRules } from '../../libs/contexts/cases/case.js';
import { caseMatrix } from '../../libs/contexts/cases/case-matrix.js';

it('the table of steps in docs is what the rules say', () => {
  expect(readFileSync('docs/case-matrix.md', 'utf8')).toBe(`${caseMatrix()}\n`);
});

it('has a row for every step', () => {
  for (const { command } of caseRules) expect(caseMatrix()).toContain(`| ${command} |`);
});
