import type { StoredEvent } from '../event-store/port.js';
import { eventTime, recorded } from './recorded.js';
import { type Upcast, UpcasterError, UpcasterRegistry } from './upcasters.js';

const registry = new UpcasterRegistry({
  Renamed: [({ old, ...rest }) => ({ ...rest, fresh: old }), (data) => ({ ...data, added: 'from v2' })],
});

describe('upcasters', () => {
  it('count the current version of a type', () => {
    expect([registry.current('Renamed'), registry.current('Other')]).toEqual([3, 1]);
    expect(new UpcasterRegistry().current('Renamed')).toBe(1);
  });

  it('lead every version to the current one, step by step', () => {
    expect(registry.upcast('Renamed', 1, { old: 1, kept: 2 })).toEqual({ fresh: 1, kept: 2, added: 'from v2' });
    expect(registry.upcast('Renamed', 2, { fresh: 1 })).toEqual({ fresh: 1, added: 'from v2' });
    const current = { fresh: 1, added: 'own' };
    expect(registry.upcast('Renamed', 3, current)).toBe(current);
    expect(registry.upcast('Other', 1, current)).toBe(current);
  });

  it.each([0, -1, 1.5, 4, Number.NaN])('refuse version %d', (version) => {
    expect(() => registry.upcast('Renamed', version, {})).toThrow(`Renamed v${version} is unknown here`);
  });

  it('are checked against the events there are, and every step of a chain must be there', () => {
    expect(() => registry.check(new Set(['Renamed', 'Other']))).not.toThrow();
    expect(() => registry.check(new Set(['Other']))).toThrow(new UpcasterError('Upcasters: no event is called Renamed'));
    const chain: Upcast[] = [];
    chain[1] = (data) => data;
    expect(() => new UpcasterRegistry({ Other: chain }).check(new Set(['Other']))).toThrow('Other has no step from v1');
  });

  it('know no type by the names every object has', () => {
    expect(registry.current('constructor')).toBe(1);
    expect(registry.upcast('toString', 1, { a: 1 })).toEqual({ a: 1 });
  });
});

describe('a stored event', () => {
  const metadata = {
    chain: {},
    actor: { id: 'user-1', role: 'window' },
    occurredAt: '2026-09-30T02:00:00.000Z',
    schemaVersion: 1,
  };
  const stored = (meta: unknown): StoredEvent => ({
    id: 'e-1',
    stream: 'x-1',
    revision: 0n,
    position: 7n,
    type: 'Renamed',
    data: { old: 1 },
    metadata: meta,
    created: 0,
  });

  it('is read in today’s shape', () => {
    const event = recorded(stored(metadata), registry);
    expect(event).toMatchObject({ id: 'e-1', revision: 0n, position: 7n, data: { fresh: 1, added: 'from v2' }, metadata });
    expect(eventTime(event)).toEqual({
      occurredAt: Date.parse('2026-09-30T02:00:00Z'),
      actor: { id: 'user-1', role: 'window' },
      eventId: 'e-1',
    });
  });

  it.each([undefined, null, {}, { ...metadata, chain: undefined }, { ...metadata, schemaVersion: undefined }, 'text'])(
    'with metadata %j was not written by this system',
    (meta) => {
      expect(() => recorded(stored(meta), registry)).toThrow('Event e-1 (Renamed) in x-1 was not written by this system');
    },
  );

  it('newer than this program is refused', () => {
    expect(() => recorded(stored({ ...metadata, schemaVersion: 4 }), registry)).toThrow('v4 is unknown here');
  });
});
