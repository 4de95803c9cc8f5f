import type { LogDatabase } from './database.js';
import { isHashed } from './tables.js';

/** Names kept at most; a store with more of them is asked each time. */
const MOST = 10_000;

/**
 * Which metastreams there are, while they are few. Every append and every read has to know its stream's metadata, and hardly any
 * stream has some: without this, each new stream would cost a second look into the database and a second head in memory.
 */
export class Metastreams {
  private names: Set<string> | undefined;

  constructor(
    database: LogDatabase,
    private readonly most = MOST,
  ) {
    const names = database.metastreamNames(most + 1);
    this.names = names.length > most ? undefined : new Set(names);
  }

  add(metastream: string): void {
    this.names?.add(metastream);
    if (this.names && this.names.size > this.most) this.names = undefined;
  }

  /** False only when nothing was ever written to it. Very long names are not listed. */
  mayHave(metastream: string): boolean {
    return this.names === undefined || this.names.has(metastream) || isHashed(metastream);
  }
}
