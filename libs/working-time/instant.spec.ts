import fc from 'fast-check';
import { formatInstant, parseInstant } from './instant.js';

describe('parseInstant', () => {
  it.each([
    ['2026-10-12T17:00:00+08:00', Date.UTC(2026, 9, 12, 9)],
    ['2026-10-12T17:00+08:00', Date.UTC(2026, 9, 12, 9)],
    ['2026-10-12T09:00:00Z', Date.UTC(2026, 9, 12, 9)],
    ['2026-10-12T09:00:00.5Z', Date.UTC(2026, 9, 12, 9, 0, 0, 500)],
    ['2026-10-12T09:00:00.007Z', Date.UTC(2026, 9, 12, 9, 0, 0, 7)],
    ['2026-10-12T24:00:00+08:00', Date.UTC(2026, 9, 12, 16)],
    ['2024-02-29T00:00:00-09:30', Date.UTC(2024, 1, 29, 9, 30)],
  ])('%s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });

  it.each([
    '2026-10-12T17:00:00',
    '2026-10-12',
    '2026-10-12 17:00:00+08:00',
    '2026-02-29T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-00-01T10:00:00Z',
    '2026-10-00T10:00:00Z',
    '2026-10-12T24:00:01Z',
    '2026-10-12T25:00:00Z',
    '2026-10-12T10:60:00Z',
    '2026-10-12T23:59:60Z',
    '2026-10-12T10:00:00.0001Z',
    '2026-10-12T10:00:00+8:00',
    '2026-10-12T10:00:00+0800',
    '2026-10-12T10:00:00+14:01',
    '2026-10-12T10:00:00+07:60',
    '2026-10-12T10:00:00-00:00',
    '2026-10-12t10:00:00z',
    ' 2026-10-12T10:00:00Z',
    '1760000000000',
    '',
    null as unknown as string,
  ])('refuses %p', (text) => {
    expect(() => parseInstant(text, 'startedAt')).toThrow(
      expect.objectContaining({ code: 'INVALID_INSTANT', field: 'startedAt' }),
    );
  });
});

describe('formatInstant', () => {
  it.each([
    ['Asia/Shanghai', Date.UTC(2026, 9, 12, 9), '2026-10-12T17:00:00+08:00'],
    ['Asia/Shanghai', Date.UTC(2026, 9, 12, 9) + 7, '2026-10-12T17:00:00.007+08:00'],
    ['Asia/Shanghai', -1, '1970-01-01T07:59:59.999+08:00'],
    ['Asia/Kathmandu', Date.UTC(2026, 9, 12, 9), '2026-10-12T14:45:00+05:45'],
    ['America/St_Johns', Date.UTC(2026, 6, 1), '2026-06-30T21:30:00-02:30'],
    ['Europe/Berlin', Date.UTC(2026, 0, 1), '2026-01-01T01:00:00+01:00'],
    ['UTC', 0, '1970-01-01T00:00:00+00:00'],
  ])('%s %i', (zone, at, expected) => {
    expect(formatInstant(at, zone)).toBe(expected);
  });

  it('refuses offsets with seconds, fractions of milliseconds and unknown zones', () => {
    expect(() => formatInstant(Date.UTC(1890, 0, 1), 'Asia/Shanghai')).toThrow(
      expect.objectContaining({ code: 'ZONE_OFFSET_NOT_WHOLE_MINUTES' }),
    );
    expect(() => formatInstant(0.5, 'UTC')).toThrow(expect.objectContaining({ code: 'INVALID_INSTANT' }));
    expect(() => formatInstant(0, 'Nowhere')).toThrow(expect.objectContaining({ code: 'UNKNOWN_ZONE' }));
  });

  it('is undone by parseInstant', () => {
    const zones = fc.constantFrom('Asia/Shanghai', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Kiritimati', 'UTC');
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) }), zones, (at, zone) => {
        expect(parseInstant(formatInstant(at, zone))).toBe(at);
      }),
    );
  });
});
