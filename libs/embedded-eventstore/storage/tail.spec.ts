import fc from 'fast-check';
import { encodeRecord, type StoredRecord } from './record.js';
import { Tail } from './tail.js';

function records(count: number): StoredRecord[] {
  const made: StoredRecord[] = [];
  let position = 64;
  for (let revision = 0; revision < count; revision++) {
    const record = encodeRecord({
      position,
      streamNumber: 1,
      stream: 's',
      revision,
      type: 't',
      id: Buffer.alloc(16),
      isJson: false,
      created: 1,
      customMetadata: Buffer.alloc(0),
      data: Buffer.alloc(revision % 7),
    });
    position = record.nextPosition;
    made.push(record);
  }
  return made;
}

test('gives exactly the records after a position, or says that it does not reach back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(70),
      fc.integer({ min: 1, max: 9 }),
      (n, kept, at, count) => {
        const all = records(n);
        const tail = new Tail(kept, Number.POSITIVE_INFINITY);
        for (const record of all) tail.push(record);
        const position = all[Math.min(at, n - 1)]!.position;
        const held = all.slice(-kept);
        const expected =
          position < held[0]!.position ? undefined : all.filter((record) => record.position > position).slice(0, count);
        expect(tail.after(position, count)).toEqual(expected);
      },
    ),
  );
});

test('holds no more bytes than allowed', () => {
  const all = records(50);
  const limit = all[0]!.bytes.length * 10;
  const tail = new Tail(1000, limit);
  for (const record of all) tail.push(record);
  expect(tail.after(all[30]!.position, 100)).toBeUndefined();
  expect(tail.after(all[48]!.position, 100)).toHaveLength(1);
});

test('an empty tail knows nothing', () => {
  expect(new Tail().after(0, 10)).toBeUndefined();
});
