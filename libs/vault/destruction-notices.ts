import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Notification, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { KeyCache } from './key-cache.js';
import { KEY_DESTROYED_CHANNEL } from './subject-keys.js';

const RECONNECT_MS = 1_000;

/** A running listener; `close` gives its connection back and may be called more than once. */
export type Listening = { close(): Promise<void> };

/**
 * Listens for destroyed keys on a connection of its own (one of the pool's) and drops them from the cache. When the
 * connection is lost it is tried again every second, and the cache emptied once it is back, because notices may have been
 * missed; until then the cache's age limit holds.
 * @throws when the first connection can not be made.
 */
export async function listenForDestroyedKeys(dataSource: DataSource, cache: KeyCache): Promise<Listening> {
  const stop = new AbortController();
  const stopped = once(stop.signal, 'abort').then(() => undefined);
  let current: Connection | undefined = await connect(dataSource, cache);
  const loop = (async () => {
    while (current) {
      await Promise.race([current.lost, stopped]);
      await current.release();
      if (stop.signal.aborted) return;
      current = await reconnect(dataSource, cache, stop.signal);
      cache.clear();
    }
  })();
  return {
    async close() {
      stop.abort();
      await loop;
    },
  };
}

type Connection = { readonly lost: Promise<void>; release(): Promise<void> };

async function connect(dataSource: DataSource, cache: KeyCache): Promise<Connection> {
  const runner = dataSource.createQueryRunner();
  const client = (await runner.connect()) as PoolClient;
  let isLost = false;
  const onNotice = (notice: Notification) => {
    if (notice.channel === KEY_DESTROYED_CHANNEL && notice.payload) cache.drop(notice.payload);
  };
  let onLost = () => {};
  const lost = new Promise<void>((resolve) => {
    onLost = () => {
      isLost = true;
      resolve();
    };
  });
  client.on('notification', onNotice);
  client.on('error', onLost);
  client.on('end', onLost);
  const release = async () => {
    client.off('notification', onNotice);
    // Back in the pool before the error listener goes: the pool then listens itself, so no error is ever without listener.
    await runner.release();
    client.off('error', onLost);
    client.off('end', onLost);
  };
  try {
    await client.query(`listen ${KEY_DESTROYED_CHANNEL}`);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    lost,
    async release() {
      if (!isLost) await client.query(`unlisten ${KEY_DESTROYED_CHANNEL}`).catch(onLost);
      await release();
    },
  };
}

async function reconnect(dataSource: DataSource, cache: KeyCache, stop: AbortSignal): Promise<Connection | undefined> {
  while (!stop.aborted) {
    try {
      return await connect(dataSource, cache);
    } catch {
      // The database is away; the age limit of the cache keeps the promise meanwhile.
      await delay(RECONNECT_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  return undefined;
}
