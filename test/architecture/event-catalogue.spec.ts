import { readFileSync } from 'node:fs';
import { eventTypes } from '@huicai/composition';
import { eventCatalogue } from '../../apps/cli/src/event-catalogue.js';
import { fieldsOf, keptSamples, shortened } from '../../apps/cli/src/event-samples.js';
import { effectsOf, eventsByContext } from '../../apps/cli/src/flow.js';

const page = () => readFileSync('docs/event-catalogue.md', 'utf8');

it('the event catalogue in docs is what the wiring and the kept streams say', () => {
  expect(page()).toBe(`${eventCatalogue(eventsByContext(), effectsOf)}\n`);
});

it('has a section for every event this system writes, and no line too long to read', () => {
  const sections = page().match(/^### \w+$/gm)!;
  expect(sections.map((line) => line.slice(4)).sort()).toEqual([...eventTypes].sort());
  expect(
    page()
      .split('\n')
      .filter((line) => line.length > 160),
  ).toEqual([]);
});

it('shows nothing that was sealed', () => {
  for (const samples of keptSamples().values())
    for (const { data } of samples) {
      expect(JSON.stringify(shortened(data))).not.toContain('$enc');
      expect(
        fieldsOf([data])
          .map(({ path }) => path)
          .join(),
      ).not.toContain('$enc');
    }
});

it('tells the form of every field, over all samples', () => {
  const sealed = { $enc: 1, ct: 'x' };
  expect(
    fieldsOf([
      { id: '75ea29d3-3da1-5fdf-aab9-e148e341a13f', note: null, list: [{ a: 1 }, { a: 2, b: '2026-01-31' }], names: ['x'] },
      { id: '75ea29d3-3da1-5fdf-aab9-e148e341a13f', note: sealed, list: [], names: [], at: '2026-01-31T00:00:00.000Z' },
    ]),
  ).toEqual([
    { path: 'id', forms: ['uuid'], optional: false },
    { path: 'note', forms: ['null', 'sealed'], optional: false },
    { path: 'list', forms: ['list'], optional: false },
    { path: 'list[].a', forms: ['number'], optional: false },
    { path: 'list[].b', forms: ['day'], optional: true },
    { path: 'names', forms: ['list'], optional: false },
    { path: 'names[]', forms: ['string'], optional: false },
    { path: 'at', forms: ['instant'], optional: true },
  ]);
});
