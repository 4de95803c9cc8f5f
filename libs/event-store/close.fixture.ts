// A process that uses a store, closes it and then has nothing left to do. Arguments: connection string.
import { randomUUID } from 'node:crypto';
import { connectEventStore } from './index.js';

async function main(connectionString: string): Promise<void> {
  const store = connectEventStore(connectionString, { watchMs: 50 });
  await store.append(`closing-${randomUUID()}`, 'no_stream', [{ id: randomUUID(), type: 'T', data: {}, metadata: {} }]);
  let following = 0;
  const followers = [0, 1].map(async () => {
    for await (const _ of store.followAll({ signal: new AbortController().signal })) if (following++ === 2) void store.close();
  });
  // Left in the middle, and never read to its end.
  await store.readAll()[Symbol.asyncIterator]().next();
  await Promise.all(followers);
  await store.close();
  const refused = await store.append('closing-2', 'no_stream', [{ id: randomUUID(), type: 'T', data: {}, metadata: {} }]).then(
    () => 'taken',
    (error: Error) => error.name,
  );
  process.send?.({ refused });
  process.disconnect();
}

void main(process.argv[2]!);
