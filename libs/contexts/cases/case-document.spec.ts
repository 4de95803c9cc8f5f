import { upcasters } from '@huicai/composition';
import { eventTime, recorded } from '@huicai/kernel';
import { keptStreams } from '../../../test/support/event-fixtures.js';
import { caseDocument } from './case-document.js';
import type { CaseEvent } from './contract.js';
import { foldCase } from './fold.js';
import type { CaseFacts } from './state.js';

const streams = keptStreams().filter(({ stream }) => stream.startsWith('case-'));

describe('the short form of a case', () => {
  it.each(streams)('says after every event all that the state says: $stream', ({ events }) => {
    let facts: CaseFacts | null = null;
    for (const stored of events) {
      const event = recorded(stored, upcasters);
      facts = foldCase(facts, event as unknown as CaseEvent, eventTime(event));
      // As the log's own JSON has it, in which what is undefined is left out.
      const state: unknown = JSON.parse(JSON.stringify(facts));
      expect(caseDocument.read(JSON.parse(caseDocument.write(facts!)))).toEqual(state);
    }
  });

  it('is less than two thirds of it, in all', () => {
    let [short, whole] = [0, 0];
    for (const { events } of streams) {
      const facts = events.reduce<CaseFacts | null>((state, stored) => {
        const event = recorded(stored, upcasters);
        return foldCase(state, event as unknown as CaseEvent, eventTime(event));
      }, null);
      short += caseDocument.write(facts!).length;
      whole += JSON.stringify(facts).length;
    }
    expect(short / whole).toBeLessThan(0.66);
  });
});
