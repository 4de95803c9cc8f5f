import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { InvalidSubjectIdError, KekMismatchError, SubjectKeyDestroyedError, SubjectKeyMissingError } from './errors.js';
import { KeyCache, type SubjectKey } from './key-cache.js';
import { unwrap, wrap } from './key-wrap.js';

/** PostgreSQL channel on which the id of every erased subject is told. */
export const KEY_DESTROYED_CHANNEL = 'vault_key_destroyed';

const FIRST_VERSION = 1;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

type KeyRow = { subject_id: string; version: number; wrapped: Buffer | null };

/** Whether a text is a subject id as the vault takes it: a lower-case UUID. */
export function isSubjectId(text: string): boolean {
  return UUID.test(text);
}

/** @throws InvalidSubjectIdError, before the text could reach a database error or a log. */
export function assertSubjectId(text: string): void {
  if (!isSubjectId(text)) throw new InvalidSubjectIdError();
}

const wrapLabel = (subjectId: string, version: number): string => JSON.stringify(['subject-key', subjectId, version]);

/** The table of wrapped subject keys, and a short-lived cache of the unwrapped ones. */
export class SubjectKeys {
  readonly cache: KeyCache;

  constructor(
    private readonly dataSource: DataSource,
    private readonly kek: KeyObject,
    now: () => number,
  ) {
    this.cache = new KeyCache(now);
  }

  /**
   * The key to seal with; created and committed before this returns if the subject had none. Any number of processes may ask
   * at once, all get the same key.
   * @throws SubjectKeyDestroyedError once the subject was erased.
   */
  async ensure(subjectId: string): Promise<{ version: number; key: KeyObject }> {
    assertSubjectId(subjectId);
    let keys = (await this.load([subjectId])).get(subjectId);
    if (!keys) {
      await this.dataSource.query(
        'insert into vault.subject_keys (subject_id, version, wrapped) values ($1, $2, $3) on conflict do nothing',
        [subjectId, FIRST_VERSION, wrap(this.kek, wrapLabel(subjectId, FIRST_VERSION), randomBytes(32))],
      );
      keys = (await this.load([subjectId])).get(subjectId);
    }
    const current = keys?.at(-1);
    if (!current) throw new SubjectKeyMissingError(subjectId);
    if (current.key === 'destroyed') throw new SubjectKeyDestroyedError(subjectId);
    return { version: current.version, key: current.key };
  }

  /** All key versions of many subjects, ascending, with one query for those not cached; unknown subjects are left out. */
  async load(subjectIds: Iterable<string>): Promise<Map<string, readonly SubjectKey[]>> {
    const found = new Map<string, readonly SubjectKey[]>();
    const missing: string[] = [];
    for (const id of new Set(subjectIds)) {
      const cached = this.cache.get(id);
      if (cached) found.set(id, cached);
      else missing.push(id);
    }
    if (missing.length === 0) return found;
    const mark = this.cache.mark();
    const rows = await this.dataSource.query<KeyRow[]>(
      'select subject_id, version, wrapped from vault.subject_keys where subject_id = any($1::uuid[]) order by subject_id, version',
      [missing],
    );
    const read = new Map<string, SubjectKey[]>();
    for (const row of rows) {
      const keys = read.get(row.subject_id) ?? [];
      keys.push(this.unwrapRow(row));
      read.set(row.subject_id, keys);
    }
    for (const [id, keys] of read) {
      this.cache.put(id, keys, mark);
      found.set(id, keys);
    }
    return found;
  }

  /**
   * Destroys every key version of a subject and its blind-index rows for good, and tells all listening processes. A subject
   * without a key gets a tombstone all the same, so that none is made later.
   * @returns whether a live key was destroyed by this call.
   */
  async destroy(subjectId: string): Promise<boolean> {
    assertSubjectId(subjectId);
    const destroyed = await this.dataSource.transaction(async (tx) => {
      await tx.query(
        'insert into vault.subject_keys (subject_id, version, wrapped, destroyed_at) values ($1, $2, null, now()) on conflict do nothing',
        [subjectId, FIRST_VERSION],
      );
      const [, count] = await tx.query<[unknown[], number]>(
        'update vault.subject_keys set wrapped = null, destroyed_at = now() where subject_id = $1 and destroyed_at is null',
        [subjectId],
      );
      await tx.query('delete from vault.blind_index where subject_id = $1', [subjectId]);
      await tx.query('select pg_notify($1, $2)', [KEY_DESTROYED_CHANNEL, subjectId]);
      return count > 0;
    });
    this.cache.drop(subjectId);
    return destroyed;
  }

  private unwrapRow(row: KeyRow): SubjectKey {
    if (row.wrapped === null) return { version: row.version, key: 'destroyed' };
    const secret = unwrap(this.kek, wrapLabel(row.subject_id, row.version), row.wrapped);
    if (!secret) throw new KekMismatchError(`The key of subject ${row.subject_id}`);
    return { version: row.version, key: createSecretKey(secret) };
  }
}
