import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, type Story, stories, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);
const rated = stories.rated;
const { ratingId } = rated.facts.ratings[0]!;
const receipt = { ratingId, externalRatingId: 'SD-2026-1', status: 'RECEIVED' } as const;
const take = (story: Story, data: object = receipt) =>
  given(story.past).when(command('RecordRatingReceipt', data as never), told(who.system, '2026-10-13T10:00'));
const received = rated.step(command('RecordRatingReceipt', receipt), who.system, '2026-10-13T10:00');

describe('the province’s answer to a rating', () => {
  it('is kept with the rating it is about, once', () => {
    const state = take(rated).then([{ type: 'RatingReceiptRecorded', data: { ...receipt, cycle: 1 } }]);
    expect(state?.ratings).toEqual([
      { ratingId, cycle: 1, receipt: { externalRatingId: 'SD-2026-1', status: 'RECEIVED', at: at('2026-10-13T10:00') } },
    ]);
    take(received).then([]);
  });

  it('may be to take it after all, and never to take it otherwise', () => {
    const rejected = { ...receipt, status: 'REJECTED' } as const;
    take(rated.step(command('RecordRatingReceipt', rejected), who.system, '2026-10-13T09:00')).then([
      { type: 'RatingReceiptRecorded', data: { ...receipt, cycle: 1 } },
    ]);
    for (const other of [rejected, { ...receipt, externalRatingId: 'SD-2026-2' }])
      take(received, other).thenRefused('rating-received-otherwise', { field: 'externalRatingId' });
  });

  it('still finds its rating when the case was opened again, or is in the archive', () => {
    const later = [stories.reopened, rated.step('ArchiveCase', who.window, '2026-10-12T17:00')];
    for (const story of later) take(story).then([{ type: 'RatingReceiptRecorded', data: { ...receipt, cycle: 1 } }]);
  });

  it('is refused about what was never rated', () => {
    take(rated, { ...receipt, ratingId: 'another' }).thenRefused('rating-not-found', { field: 'ratingId' });
    take(stories.closed).thenRefused('illegal-step');
    given(rated.past)
      .when(command('RecordRatingReceipt', receipt), told(who.window, '2026-10-13T10:00'))
      .thenRefused('role-not-allowed');
  });
});
