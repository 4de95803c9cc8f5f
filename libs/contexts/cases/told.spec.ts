import { unacceptedResults } from './facts.js';

const places = (...types: string[]): number[] => [...unacceptedResults(types)];

describe('a result', () => {
  it('is no answer before the window has accepted it', () => {
    expect(places('CaseSignedFor', 'ResultSubmitted')).toEqual([1]);
    expect(places('CaseSignedFor', 'ResultSubmitted', 'ResultAccepted')).toEqual([]);
  });

  it('that was sent back never becomes one', () => {
    const sentBack = ['ResultSubmitted', 'ResultSentBack'];
    expect(places(...sentBack)).toEqual([0]);
    expect(places(...sentBack, 'ResultSubmitted', 'ResultAccepted')).toEqual([0]);
    expect(places('ResultSubmitted', 'ResultAccepted', 'CaseReopened', ...sentBack)).toEqual([3]);
  });

  it('is told of as it was put right: with what it is accepted with, or at once', () => {
    expect(places('ResultSubmitted', 'ResultCorrected')).toEqual([0, 1]);
    expect(places('ResultSubmitted', 'ResultCorrected', 'ResultAccepted')).toEqual([]);
    expect(places('ResultSubmitted', 'ResultAccepted', 'ResultCorrected')).toEqual([]);
    expect(places('CaseAnsweredDirectly', 'ResultCorrected')).toEqual([]);
  });
});
