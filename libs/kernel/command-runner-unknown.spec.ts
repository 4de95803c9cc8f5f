import { randomUUID } from 'node:crypto';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import type { AppendResult } from '../event-store/port.js';
import { harness } from './command-runner.fixture.js';
import { refusalFrom } from './spec-dsl.js';

let server: TestEventStore;
let at: ReturnType<typeof harness>;
beforeAll(async () => {
  server = await createTestEventStore({ appendTimeoutMs: 2_000 });
  at = harness(server);
});
afterAll(() => server.close());

describe('an append whose outcome is unknown', () => {
  const unknown = (): AppendResult => ({ outcome: 'unknown', cause: new Error('the line went dead') });

  it.each([1, 3])('is sent again with the same bytes until the store has it (lost %d times)', async (losses) => {
    const sent: unknown[] = [];
    const store = at.appending((append) => async (...given) => {
      sent.push(JSON.stringify(given[2]));
      return sent.length <= losses ? unknown() : append(...given);
    });
    const { run, answered, stream } = at.world({ store });
    const result = await run(2, { times: 2 });
    expect(new Set(sent).size).toBe(1);
    expect(sent).toHaveLength(losses + 1);
    expect(result).toMatchObject({ events: await answered(), revision: 1n, repeated: false });
    await at.expectChained(stream);
  });

  it('but was there is recorded once', async () => {
    let answers = 0;
    const store = at.appending((append) => async (...given) => {
      const result = await append(...given);
      return answers++ === 0 ? unknown() : result;
    });
    const { run, read, answered } = at.world({ store });
    const result = await run(2, { times: 2 });
    expect(await read()).toHaveLength(2);
    const position = (await read())[1]?.position;
    expect(result).toMatchObject({ events: await answered(), revision: 1n, position, repeated: false });
  });

  it('but was there, with others on top since, is found by its id', async () => {
    let lost = false;
    const store = at.appending((append) => async (stream, expected, events) => {
      const result = await append(stream, expected, events);
      if (lost) return result;
      lost = true;
      // Another command comes in between, so that a resend can only find a conflict or a repetition.
      await at.world({}, stream).run(5);
      return unknown();
    });
    const { run, sums, stream } = at.world({ store });
    expect(await run(1)).toMatchObject({ revision: 0n, repeated: false });
    expect(await sums()).toEqual([1, 5]);
    await at.expectChained(stream);
  });

  it('and was not there, with another first, is decided again', async () => {
    let sends = 0;
    const store = at.appending((append) => async (stream, expected, events) => {
      if (sends++ > 0) return append(stream, expected, events);
      await at.world({}, stream).run(5);
      return unknown();
    });
    const { run, sums, stream } = at.world({ store });
    expect(await run(1)).toMatchObject({ revision: 1n, repeated: false });
    expect(await sums()).toEqual([5, 1]);
    await at.expectChained(stream);
  });

  it('because the server went away after writing is settled when it is back', async () => {
    let gone = false;
    const store = at.appending((append) => async (...given) => {
      const result = await append(...given);
      if (gone) return result;
      gone = true;
      await server.stop();
      await server.start();
      return unknown();
    });
    const { run, answered } = at.world({ store });
    const result = await run(3);
    expect(result.events).toEqual(await answered());
    expect(result.events).toHaveLength(1);
  });

  it('because the server is away before writing is settled when it is back', async () => {
    let gone = false;
    let back: Promise<void> | undefined;
    const store = at.appending((append) => async (...given) => {
      if (gone) return append(...given);
      gone = true;
      await server.stop();
      const result = await append(...given);
      expect(result.outcome).toBe('unknown');
      back = server.start();
      return result;
    });
    const { run, answered } = at.world({ store });
    const result = await run(3);
    await back;
    expect(result.events).toEqual(await answered());
    expect(result.events).toHaveLength(1);
  });

  it('is told as such when it stays so for too long, and settled by the next attempt of the caller', async () => {
    const commandId = randomUUID();
    const lossy = at.appending((append) => async (...given) => {
      await append(...given);
      return unknown();
    });
    const { run, sums, stream } = at.world({ store: lossy, resendForMs: 0 });
    expect(await refusalFrom(run(1, { commandId }))).toMatchObject({ kind: 'unavailable', code: 'outcome-unknown' });
    expect(await at.world({}, stream).run(1, { commandId })).toMatchObject({ repeated: true, revision: 0n });
    expect(await sums()).toEqual([1]);
  });
});
