import { PartitionMemory } from './partition-memory.js';

const rows = (n: number) => [{ n }];

it('gives what was kept once, and forgets first what was kept longest ago', () => {
  const memory = new PartitionMemory(2);
  memory.keep('a', rows(1));
  memory.keep('b', rows(2));
  memory.keep('a', rows(3));
  memory.keep('c', []);
  expect([memory.take('a'), memory.take('b'), memory.take('c'), memory.take('c')]).toEqual([rows(3), undefined, [], undefined]);
  memory.keep('d', rows(4));
  memory.clear();
  expect(memory.take('d')).toBeUndefined();
});
