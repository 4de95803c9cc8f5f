import fc from 'fast-check';
import { RecentIds } from './recent-ids.js';

const keys = (ids: readonly number[]) => ids.map((id) => `id-${id}`);

describe('the ids of the newest events', () => {
  it('are known for at least half of the capacity, each with where it was written last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat({ max: 30 }), { maxLength: 60 }), (half, ids) => {
        const recent = new RecentIds(2 * half);
        keys(ids).forEach((id, revision) => {
          recent.add(id, { streamNumber: 1, revision });
        });
        const newest = keys(ids).map((id, revision) => ({ id, revision }));
        for (const { id, revision } of newest.slice(-half)) {
          const last = newest.findLast((event) => event.id === id)!;
          expect({ id, revision: recent.get(id)?.revision }).toEqual({ id, revision: Math.max(revision, last.revision) });
        }
      }),
    );
  });

  it('are forgotten beyond the capacity', () => {
    const recent = new RecentIds(10);
    const ids = keys(Array.from({ length: 100 }, (_, n) => n));
    ids.forEach((id, revision) => {
      recent.add(id, { streamNumber: 1, revision });
    });
    expect(ids.filter((id) => recent.get(id)).length).toBeLessThanOrEqual(10);
  });
});
