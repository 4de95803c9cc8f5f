import fc from 'fast-check';
import { decodeUtf8, MalformedMessageError, varintSize, WireReader, WireWriter } from './wire.js';

/** Reads a whole message, one method for each kind of field. */
function readAll(message: Buffer): { field: number; value: unknown }[] {
  const reader = new WireReader(message);
  const fields: { field: number; value: unknown }[] = [];
  while (reader.next()) {
    if (reader.wireType === 0) fields.push({ field: reader.field, value: reader.uint64() });
    else if (reader.wireType === 2) fields.push({ field: reader.field, value: reader.bytes() });
    else reader.skip();
  }
  return fields;
}

const fieldNumber = fc.integer({ min: 1, max: 2 ** 28 - 1 });

test('what is written is read', () => {
  const integer = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
  const field = fc.record({ field: fieldNumber, value: fc.oneof(integer, fc.uint8Array({ maxLength: 300 })) });
  fc.assert(
    fc.property(fc.array(field, { maxLength: 10 }), (fields) => {
      const writer = new WireWriter(5000);
      for (const { field, value } of fields) {
        if (typeof value === 'number') writer.varintField(field, value);
        else writer.bytesField(field, value);
      }
      const expected = fields.map(({ field, value }) => ({
        field,
        value: typeof value === 'number' ? BigInt(value) : Buffer.from(value),
      }));
      expect(readAll(writer.finish())).toEqual(expected);
    }),
  );
});

test('integers take the bytes foretold, in either way of writing them', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const written = new WireWriter(10).varint(value).finish();
      expect(written).toHaveLength(varintSize(value));
      expect(new WireWriter(10).varint64(BigInt(value)).finish()).toEqual(written);
    }),
  );
});

test('unsigned and negative integers of 64 bits keep their bits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      const message = new WireWriter(20)
        .varint(1 << 3)
        .varint64(value)
        .finish();
      expect(readAll(message)).toEqual([{ field: 1, value: BigInt.asUintN(64, value) }]);
    }),
  );
});

test.each([
  ['a tag of field 2^29 - 1', [0xfa, 0xff, 0xff, 0xff, 0x0f, 0]],
  ['a length of 2^31', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x08]],
  ['a length of 2^32, which has no bit among the lowest 32', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x10]],
  ['a length of six bytes', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ['a length beyond the end', [0x0a, 2, 0]],
  ['an integer of eleven bytes', [0x08, ...Array<number>(10).fill(0xff), 1]],
  ['an integer that does not end', [0x08, 0xff]],
  ['eight bytes cut off', [0x09, 0, 0]],
  ['four bytes cut off', [0x0d, 0]],
  ['a group', [0x0b, 0x0c]],
])('%s is refused', (_name, bytes) => {
  expect(() => readAll(Buffer.from(bytes))).toThrow(MalformedMessageError);
});

test('a field of another type than asked for is refused', () => {
  for (const [wireType, read] of [
    [2, (reader: WireReader) => reader.uint64()],
    [0, (reader: WireReader) => reader.bytes()],
    [5, (reader: WireReader) => reader.text()],
  ] as const) {
    const reader = new WireReader(Buffer.from([8 + wireType, 0, 0, 0, 0]));
    expect(reader.next()).toBe(true);
    expect(() => read(reader)).toThrow(MalformedMessageError);
  }
});

test('random bytes are read to their end or refused, and every step goes on', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
      const message = Buffer.from(array);
      try {
        // A field takes two bytes at least, or one for its tag and nothing.
        expect(readAll(message).length).toBeLessThanOrEqual(message.length);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessageError);
      }
    }),
    { numRuns: 5000 },
  );
});

/** UTF-8 as some encoders write it: halves of a pair that stand alone are encoded like any other character. */
function encodeLoosely(units: readonly number[]): Buffer {
  const text = String.fromCharCode(...units);
  return Buffer.concat(
    [...text].map((character) => {
      const code = character.codePointAt(0)!;
      const isLone = code >= 0xd800 && code <= 0xdfff;
      return isLone ? Buffer.of(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)) : Buffer.from(character);
    }),
  );
}

test('a name is decoded as it is, or refused where it has half a surrogate pair', () => {
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.constant(0xfeff));
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
      const text = String.fromCharCode(...units);
      const bytes = encodeLoosely(units);
      if (Buffer.from(text).equals(bytes)) expect(decodeUtf8(bytes)).toBe(text);
      else expect(() => decodeUtf8(bytes)).toThrow(MalformedMessageError);
    }),
    { numRuns: 2000 },
  );
});

test('no two encodings are the same name', () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0xc0, 0x80, 0xe0, 0xed, 0xa0, 0xf0, 0xf4, 0x90, 0xff));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 6 }), (list) => {
      const bytes = Buffer.from(list);
      let name: string | undefined;
      try {
        name = decodeUtf8(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessageError);
      }
      // A replacement character would come back as other bytes.
      if (name === undefined) expect(Buffer.from(bytes.toString('utf8'))).not.toEqual(bytes);
      else expect(Buffer.from(name)).toEqual(bytes);
    }),
    { numRuns: 5000 },
  );
});
