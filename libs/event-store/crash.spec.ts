import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { firstMessage, forkSource } from '../../test/support/processes.js';
import type { Told } from './crash.fixture.js';

/** Lives through all faults of a server in a process of its own. */
async function tellOf(way: 'bare' | 'adapter'): Promise<Told> {
  const child = forkSource(join(__dirname, 'crash.fixture.ts'), [way]);
  started.push(child);
  return firstMessage<Told>(child);
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

it('the faults bring down a process that uses the bare client, hang it, or pass for an answer', async () => {
  const { outcomes, uncaught, unhandled } = await tellOf('bare');
  expect(outcomes).toMatchObject({
    // 2: nobody is told any more that something came.
    'an observer throws': ['pending'],
    // 4: the append that waited was sent to a store with nothing wrong.
    'the stream of appends to another store breaks while an append waits': ['error: UnavailableError', 'error: UnavailableError'],
    'an answer names an append that nobody made': ['pending'],
    // 5
    'a stream of appends is closed as if all were well': ['pending'],
    'an answer says nothing': ['pending'],
    'a leader is not named to a writer': ['pending'],
    'a conflict without numbers': ['pending'],
    'a read gives an event without its stream': ['pending'],
    'a subscription gives an event without its stream': ['pending'],
    // Failed reads that look complete.
    'a deleted stream is not named': ['value: 0'],
    'a leader is not named to a reader': ['value: 0'],
    'a read is cancelled in the words of the client': ['value: 0'],
  });
  const count = (faults: readonly string[], of: RegExp) => faults.filter((fault) => of.test(fault)).length;
  expect(count(uncaught, /reading 'toString'/)).toBe(4);
  expect(count(unhandled, /undefined is not iterable/)).toBe(2);
  expect(count(unhandled, /^Impossible situation/)).toBe(2);
  expect(count(unhandled, /Failed to discover/)).toBe(1);
  expect(count(unhandled, /circular structure/)).toBe(1);
  expect(count(unhandled, /stumbles/)).toBe(1);
}, 60_000);

it('the same faults are answers of the adapter, and none of them reaches the process', async () => {
  const { outcomes, uncaught, unhandled } = await tellOf('adapter');
  expect(outcomes).toEqual({
    'an observer throws': ['value: 1,2'],
    'the stream of appends to another store breaks while an append waits': ['value: appended', 'value: unknown'],
    'an answer names an append that nobody made': ['value: appended'],
    'a stream of appends is closed as if all were well': ['value: unknown'],
    'an answer says nothing': ['value: unknown'],
    'an append is answered after its time': ['value: unknown'],
    'an append is never answered': ['value: unknown'],
    'an event is not JSON': ['error: TypeError'],
    'a leader is not named to a writer': ['value: unknown'],
    'a conflict without numbers': ['value: unknown'],
    'a read gives an event without its stream': ['error: StoreUnavailableError'],
    'a subscription gives an event without its stream': ['value: 1,2'],
    'a deleted stream is not named': ['error: StoreUnavailableError'],
    'a leader is not named to a reader': ['error: StoreUnavailableError'],
    'a read is cancelled in the words of the client': ['error: StoreUnavailableError'],
    'no leader is found while another call fails': [
      'error: StoreUnavailableError',
      'error: StoreUnavailableError',
      'value: unknown',
    ],
    'a connection breaks under everything at once': [
      'error: StoreUnavailableError',
      'value: unknown',
      'error: StoreUnavailableError',
    ],
  });
  expect({ uncaught, unhandled }).toEqual({ uncaught: [], unhandled: [] });
}, 60_000);
