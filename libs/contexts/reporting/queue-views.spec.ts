import { readQuery } from './queue-views.intake.js';

describe('what a view looks for', () => {
  it('is kept as the queue takes it, in one order', () => {
    expect(readQuery('order=due&light=RED&dueTo=today%2B7&tags=a,b', 'query')).toEqual({
      light: 'RED',
      tags: 'a,b',
      dueTo: 'today+7',
      order: 'due',
    });
    expect(JSON.stringify(readQuery('order=due&light=RED', 'query'))).toBe('{"light":"RED","order":"due"}');
    expect(readQuery('', 'query')).toEqual({});
  });

  it.each([
    ['light=PINK', 'query.light'],
    ['light=RED&light=RED', 'query.light'],
    ['limit=5', 'query.limit'],
    ['cursor=x', 'query.cursor'],
    ['dueTo=tomorrow', 'query.dueTo'],
    ['__proto__=1', 'query.__proto__'],
  ])('is refused with the name of what is wrong: %s', (text, field) => {
    expect(() => readQuery(text, 'query')).toThrow(expect.objectContaining({ details: expect.objectContaining({ field }) }));
  });
});
