import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 200;
// Between the making of the lock and the writing of its owner lie microseconds; without an owner for longer, its maker died.
const ownerlessMs = 5_000;
// A process id may have been given to another program since; nothing guarded here takes as long.
const longestMs = 20 * 60_000;

/** Runs `work` while holding the lock directory; waits for a living holder, takes over from a dead one. */
export async function withLock(lock, onWait, work) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; !take(lock); ) {
    if (isStale(lock)) {
      removeStale(lock);
      continue;
    }
    if (!told) onWait();
    told = true;
    await delay(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

// Of two that find the same stale lock, the slower one may hold the fresh lock of the faster one in hand: it is put back.
function removeStale(lock) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (!isStale(aside)) return renameSync(aside, lock);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(`${lock}/pid`, String(process.pid));
  return true;
}

function isStale(lock) {
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  let pid;
  try {
    pid = Number(readFileSync(`${lock}/pid`, 'utf8'));
  } catch {
    return age > ownerlessMs;
  }
  return !(pid > 0) || age > longestMs || !isAlive(pid);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
