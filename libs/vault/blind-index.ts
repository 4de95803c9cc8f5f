import { createHmac, type KeyObject } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { deriveKey } from './key-wrap.js';
import { type IndexField, normalise } from './normalise.js';
import { assertSubjectId } from './subject-keys.js';

/** One value of a subject that exact search shall find. */
export type IndexEntry = { readonly field: IndexField; readonly value: string };

/** Keyed digests of normalised values; the same value has unrelated digests in two fields, and in an index and a claim. */
export class Digests {
  private readonly derived = new Map<string, Buffer>();

  constructor(private readonly key: KeyObject) {}

  /** @throws UnknownIndexFieldError, IndexValueEmptyError. */
  digest(purpose: 'blind-index' | 'claim', field: IndexField, value: string): Buffer {
    const normalised = normalise(field, value);
    const label = `${purpose}/${field}`;
    let key = this.derived.get(label);
    if (!key) {
      key = deriveKey(this.key, label);
      this.derived.set(label, key);
    }
    return createHmac('sha256', key).update(normalised, 'utf8').digest();
  }
}

/** Exact search over encrypted values. A hit is a candidate: an older value of the subject may still be indexed. */
export class BlindIndex {
  constructor(
    private readonly dataSource: DataSource,
    private readonly digests: Digests,
  ) {}

  /**
   * Adds index rows in one statement, durable on return; rows already there stay as they are.
   * @throws InvalidSubjectIdError, IndexValueEmptyError.
   */
  async add(subjectId: string, entries: readonly IndexEntry[]): Promise<void> {
    assertSubjectId(subjectId);
    if (entries.length === 0) return;
    await this.dataSource.query(
      `insert into vault.blind_index (field, digest, subject_id)
       select field, digest, $3::uuid from unnest($1::text[], $2::bytea[]) as entry (field, digest)
       on conflict do nothing`,
      [entries.map((e) => e.field), entries.map((e) => this.digests.digest('blind-index', e.field, e.value)), subjectId],
    );
  }

  /** Ids of the subjects that have or once had this value, oldest row first. */
  async find(field: IndexField, value: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ subject_id: string }[]>(
      'select subject_id from vault.blind_index where field = $1 and digest = $2 order by created_at, subject_id',
      [field, this.digests.digest('blind-index', field, value)],
    );
    return rows.map((row) => row.subject_id);
  }
}
