import { type Database, open } from 'lmdb';

/** The tables of a database nobody uses, to be spoilt. */
export interface RawTables {
  log: Database<Buffer, number>;
  stream: Database<number, [number, number]>;
  name: Database<number, Buffer>;
  sys: Database<string, string>;
}

/** Opens a database behind the back of the server's own code; closes it when the work is done. */
export async function tamper(dir: string, work: (tables: RawTables) => Promise<unknown>): Promise<void> {
  const root = open({ path: dir, overlappingSync: false, encoding: 'binary', maxDbs: 8, noSubdir: false });
  try {
    await work({
      log: root.openDB({ name: 'log', encoding: 'binary' }),
      stream: root.openDB({ name: 'stream', encoding: 'ordered-binary' }),
      name: root.openDB({ name: 'name', encoding: 'ordered-binary', keyEncoding: 'binary' }),
      sys: root.openDB({ name: 'sys', encoding: 'string' }),
    });
  } finally {
    await root.close();
  }
}
