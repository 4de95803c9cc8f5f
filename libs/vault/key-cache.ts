import type { KeyObject } from 'node:crypto';

/** What the vault knows of one version of a subject's key; the tombstone of a destroyed one is knowledge too. */
export type SubjectKey = { readonly version: number; readonly key: KeyObject | 'destroyed' };

/** A destruction that this process failed to hear of is obeyed after this many milliseconds at the latest. */
export const MAX_CACHE_AGE_MS = 60_000;
const MAX_SUBJECTS = 10_000;

/** Keys of recently used subjects: at most 60 s old and at most 10,000 subjects, the least recently loaded leave first. */
export class KeyCache {
  private readonly entries = new Map<string, { keys: readonly SubjectKey[]; loadedAt: number }>();
  private epoch = 0;

  constructor(
    private readonly now: () => number,
    private readonly maxSubjects = MAX_SUBJECTS,
  ) {}

  /** A mark to be taken before reading the database and handed to `put`. */
  mark(): number {
    return this.epoch;
  }

  get(subjectId: string): readonly SubjectKey[] | undefined {
    const entry = this.entries.get(subjectId);
    if (!entry) return undefined;
    if (this.now() - entry.loadedAt < MAX_CACHE_AGE_MS) return entry.keys;
    this.entries.delete(subjectId);
    return undefined;
  }

  /** Keeps what was read after `mark`, unless a key was dropped meanwhile: the rows may be older than that destruction. */
  put(subjectId: string, keys: readonly SubjectKey[], mark: number): void {
    if (mark !== this.epoch) return;
    this.entries.delete(subjectId);
    this.entries.set(subjectId, { keys, loadedAt: this.now() });
    while (this.entries.size > this.maxSubjects) {
      this.entries.delete(this.entries.keys().next().value as string);
    }
  }

  drop(subjectId: string): void {
    this.epoch += 1;
    this.entries.delete(subjectId);
  }

  clear(): void {
    this.epoch += 1;
    this.entries.clear();
  }

  get size(): number {
    return this.entries.size;
  }
}
