import fc from 'fast-check';
import { commandIdOf, createdIdOf, eventIdOf, newIdempotencyKey, splitStreamName, streamName, systemCommandId } from './ids.js';

const UUID5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const identity = {
  issuer: 'https://id.example',
  subject: 'user-1',
  method: 'POST',
  path: '/api/v1/cases/1/acceptance',
  idempotencyKey: 'key-1',
};

describe('command ids', () => {
  it('are the same for the same parts, for ever', () => {
    expect(commandIdOf(identity)).toMatch(UUID5);
    // Kept by every store there is: a change of this value would make repeats look new.
    expect(commandIdOf(identity)).toBe('1abcd305-e332-5d0a-8d61-28ee88be81cd');
    expect(systemCommandId('seed', 'case', 1)).toBe('d61e94bd-2d43-56df-b2d2-7cc8d9a72d72');
  });

  it.each(Object.keys(identity) as (keyof typeof identity)[])('differ when the %s does', (part) => {
    expect(commandIdOf({ ...identity, [part]: `${identity[part]}x` })).not.toBe(commandIdOf(identity));
  });

  it('do not differ by the spelling of the method', () => {
    expect(commandIdOf({ ...identity, method: 'post' })).toBe(commandIdOf(identity));
  });

  it('can not be confused by separators in the parts', () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', '[', ']', '\\', '/', 'a', '\n', '\ud800') });
    const parts = fc.record({ issuer: text, subject: text, path: text, idempotencyKey: text });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same =
          a.issuer === b.issuer && a.subject === b.subject && a.path === b.path && a.idempotencyKey === b.idempotencyKey;
        return (commandIdOf({ ...a, method: 'POST' }) === commandIdOf({ ...b, method: 'POST' })) === same;
      }),
    );
    expect(commandIdOf({ ...identity, subject: 'a","b', path: 'c' })).not.toBe(
      commandIdOf({ ...identity, subject: 'a', path: 'b","c' }),
    );
  });

  it('of the system tell numbers from text and one list of parts from another', () => {
    const ids = [
      systemCommandId('timer', 1),
      systemCommandId('timer', '1'),
      systemCommandId('timer', 1, 2),
      systemCommandId('timer', '1,2'),
      systemCommandId('timer'),
      systemCommandId('timer1'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of a person are never those of the system, whatever they choose', () => {
    const person = commandIdOf({ ...identity, issuer: 'system', subject: 'timer', path: '/x', idempotencyKey: 'k' });
    expect(person).not.toBe(systemCommandId('timer', 'POST', '/x', 'k'));
  });
});

describe('derived ids', () => {
  const commandId = commandIdOf(identity);

  it('of events differ by attempt and index, of aggregates by name, and are stable', () => {
    const make = () => [
      eventIdOf(commandId, 'a', 0),
      eventIdOf(commandId, 'a', 1),
      eventIdOf(commandId, 'b', 0),
      eventIdOf(commandId, 'a,1', 0),
      createdIdOf(commandId, 'case'),
      createdIdOf(commandId, 'subject'),
    ];
    expect(new Set(make()).size).toBe(6);
    expect(make()).toEqual(make());
    expect(make().every((id) => UUID5.test(id))).toBe(true);
  });

  it('need a command id that is one', () => {
    expect(() => eventIdOf('command-1', 'a', 0)).toThrow();
  });

  it('of keys are fresh each time', () => {
    expect(newIdempotencyKey()).not.toBe(newIdempotencyKey());
  });
});

describe('stream names', () => {
  it('split at the first hyphen, so that ids may have more', () => {
    const id = createdIdOf(commandIdOf(identity), 'case');
    expect(splitStreamName(streamName('case', id))).toEqual({ aggregate: 'case', id });
    expect(splitStreamName('$all')).toEqual({ aggregate: '$all', id: '' });
  });

  it.each(['', 'card-holder', 'Case', '1case', 'case ', '$case', 'fall_1'])('refuse the aggregate %j', (aggregate) => {
    expect(() => streamName(aggregate, '1')).toThrow('Not an aggregate name');
  });

  it('refuse an empty id', () => {
    expect(() => streamName('case', '')).toThrow();
  });
});
