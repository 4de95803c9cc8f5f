import { readFileSync } from 'node:fs';
import { eventCatalogue } from '../../apps/cli/src/flow.js';

it('the event catalogue in docs is what the wiring says', () => {
  expect(readFileSync('docs/event-catalogue.md', 'utf8')).toBe(`${eventCatalogue()}\n`);
});
