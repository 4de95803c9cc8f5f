import fc from 'fast-check';
import { firstReadable, parseStreamMetadata, reviveMetadata, SOFT_DELETED, softDeleteMetadata } from './stream-metadata.js';

const parse = (text: string) => parseStreamMetadata(Buffer.from(text));

test.each([
  ['{"$maxCount":3,"$maxAge":60,"$tb":7,"owner":"x"}', { maxCount: 3, maxAge: 60, truncateBefore: 7 }],
  ['{"$maxCount":0,"$maxAge":-1,"$tb":-5}', {}],
  ['{"$maxCount":"3","$tb":7}', {}],
  ['{"$maxCount":1.5,"$tb":7}', {}],
  ['{"$tb":7,"$acl":{"$r":"a","$w":["b","c"]}}', { truncateBefore: 7 }],
  ['{"$tb":7,"$acl":{"$r":1}}', {}],
  ['{"$tb":7,"$acl":"a"}', {}],
  ['{"$tb":9223372036854775807}', { truncateBefore: SOFT_DELETED }],
  ['not json', {}],
  ['[1]', {}],
  ['null', {}],
  ['', {}],
])('%s', (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

test('what soft-deletes a stream is read as soft-deleted', () => {
  expect(parseStreamMetadata(softDeleteMetadata()).truncateBefore).toBe(SOFT_DELETED);
});

test.each([
  ['{"$tb":9223372036854775807}', '{"$tb":5}'],
  ['{"big":12345678901234567890,"$tb":9223372036854775807}', '{"big":12345678901234567890,"$tb":5}'],
  ['{"big":12345678901234567890}', '{"$tb":5,"big":12345678901234567890}'],
  ['{}', '{"$tb":5}'],
  ['not json', '{"$tb":5}'],
])('%s revives as %s', (before, after) => {
  expect(reviveMetadata(Buffer.from(before), 5).toString()).toBe(after);
});

test('reviving sets $tb and leaves every other key as it was', () => {
  const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('$tb', '$maxCount', '"$tb":1'));
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })), fc.nat(), (metadata, truncateBefore) => {
      const before = JSON.parse(JSON.stringify(metadata)) as object;
      const after = JSON.parse(reviveMetadata(Buffer.from(JSON.stringify(metadata)), truncateBefore).toString()) as object;
      expect(after).toEqual({ ...before, $tb: truncateBefore });
    }),
    { numRuns: 1000 },
  );
});

test('the first readable revision is never beyond what any single limit allows', () => {
  const limits = fc.record({ maxCount: fc.integer({ min: 1, max: 50 }), truncateBefore: fc.nat(50) }, { requiredKeys: [] });
  fc.assert(
    fc.property(limits, fc.integer({ min: 0, max: 60 }), (metadata, last) => {
      const first = firstReadable(metadata, last);
      const hidden = (revision: number) =>
        revision < (metadata.truncateBefore ?? 0) || revision <= last - (metadata.maxCount ?? Number.POSITIVE_INFINITY);
      for (let revision = 0; revision <= last; revision++) expect(revision < first).toBe(hidden(revision));
    }),
  );
});
