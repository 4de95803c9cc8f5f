import type { KeyObject } from 'node:crypto';
import type { CommandHash, Sealed } from '@huicai/kernel';
import type { DataSource } from 'typeorm';
import { BlindIndex, Digests, type IndexEntry } from './blind-index.js';
import { Claims } from './claims.js';
import { CommandHashes } from './command-hash.js';
import { findEnvelopes, replaceEnvelopes } from './deep.js';
import { type Listening, listenForDestroyedKeys } from './destruction-notices.js';
import { assertContext, assertSealed, openWith, sealWith } from './envelope.js';
import { SubjectKeyMissingError } from './errors.js';
import { installationKey, installationSecret } from './installation-keys.js';
import type { IndexField } from './normalise.js';
import { SubjectKeys } from './subject-keys.js';

/** What readers see in place of a field whose subject was erased. */
export const ERASED_TEXT = '已删除';

/** An opened field, or the fact that nobody can open it any more. */
export type Opened<T> = { readonly erased: false; readonly value: T } | { readonly erased: true };

/** Seals many fields of one subject without further waiting. */
export type Sealer = {
  readonly subjectId: string;
  seal<T>(ctx: string, value: T): Sealed<T>;
};

/** The result of `openDeep`; paths are JSON pointers. */
export type OpenedDeep<T> = {
  readonly value: T;
  /** Subjects of whom something was read in clear: what the access log must tell. */
  readonly subjects: readonly string[];
  /** Where `已删除` stands in place of a value. */
  readonly erased: readonly string[];
};

export type OpenOptions = {
  /** The context an envelope must have been made for, or a beginning of it ending in `/`. */
  readonly expected?: string;
};

export type OpenDeepOptions = OpenOptions & {
  /** Turns a clear value into what is shown, for instance a mask; not called for erased fields. */
  readonly present?: (clear: unknown, path: string, sealed: Sealed<unknown>) => unknown;
};

/**
 * Personal data at rest: per-subject keys wrapped by the installation's key-encryption key, sealed fields, exact search over
 * them, unique claims, and keyed command hashes. It needs the tables of its migrations and keeps no connection of its own
 * except while listening.
 */
export class Vault {
  private readonly index: BlindIndex;
  private readonly claims: Claims;
  private readonly hashes: CommandHashes;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly kek: KeyObject,
    private readonly keys: SubjectKeys,
    indexKey: KeyObject,
    commandKey: KeyObject,
  ) {
    const digests = new Digests(indexKey);
    this.index = new BlindIndex(dataSource, digests);
    this.claims = new Claims(dataSource, digests);
    this.hashes = new CommandHashes(keys, commandKey);
  }

  /**
   * Opens the vault of an initialised data source, creating the installation's keys on first use.
   * @param now milliseconds of a clock that never goes back, for the key cache.
   * @throws KekMismatchError when the vault was made with another key file.
   */
  static async open(dataSource: DataSource, kek: KeyObject, now: () => number = () => performance.now()): Promise<Vault> {
    const indexKey = await installationKey(dataSource, kek, 'blind-index');
    const commandKey = await installationKey(dataSource, kek, 'command');
    return new Vault(dataSource, kek, new SubjectKeys(dataSource, kek, now), indexKey, commandKey);
  }

  /**
   * Makes sure that a subject has a key, committed before this returns.
   * @throws InvalidSubjectIdError; SubjectKeyDestroyedError once the subject was erased.
   */
  async ensureSubjectKey(subjectId: string): Promise<void> {
    await this.keys.ensure(subjectId);
  }

  /**
   * Erases a subject: its keys and blind-index rows are gone for good, its envelopes can never be opened again. Claims belong
   * to streams and are released by `releaseClaims`. Copies in backups live as long as the backups do.
   * @returns whether a live key was destroyed by this call.
   */
  async destroySubjectKey(subjectId: string): Promise<boolean> {
    return this.keys.destroy(subjectId);
  }

  /** Starts to hear of keys destroyed by other processes; without it they are obeyed within 60 s. */
  async listen(): Promise<Listening> {
    return listenForDestroyedKeys(this.dataSource, this.keys.cache);
  }

  /** A sealer for one subject, whose key it creates if there is none; meant for one command, not to be kept. */
  async sealer(subjectId: string): Promise<Sealer> {
    const { version, key } = await this.keys.ensure(subjectId);
    return { subjectId, seal: (ctx, value) => sealWith(key, subjectId, version, ctx, value) };
  }

  /** Seals one field; see `sealer`. */
  async seal<T>(subjectId: string, ctx: string, value: T): Promise<Sealed<T>> {
    return (await this.sealer(subjectId)).seal(ctx, value);
  }

  /**
   * Opens one field.
   * @throws EnvelopeTamperedError; SubjectKeyMissingError when the vault has neither key nor tombstone.
   */
  async open<T>(sealed: Sealed<T>, options: OpenOptions = {}): Promise<Opened<T>> {
    const [opened] = await this.openMany([sealed], options);
    return opened as Opened<T>;
  }

  /** Opens the fields of a page of rows with at most one query for keys; results are in the order given. */
  async openMany<T>(sealed: readonly Sealed<T>[], { expected }: OpenOptions = {}): Promise<Opened<T>[]> {
    for (const envelope of sealed) {
      assertSealed(envelope);
      if (expected !== undefined) assertContext(envelope, expected);
    }
    const keys = await this.keys.load(sealed.map((envelope) => envelope.s));
    return sealed.map((envelope) => {
      const named = keys.get(envelope.s)?.find((key) => key.version === envelope.k);
      if (!named) throw new SubjectKeyMissingError(envelope.s);
      return named.key === 'destroyed' ? { erased: true } : { erased: false, value: openWith(named.key, envelope) };
    });
  }

  /**
   * Opens every envelope inside a JSON value with at most one query for keys. The type parameter is the clear form.
   * @throws EnvelopeTamperedError, SubjectKeyMissingError.
   */
  async openDeep<T = unknown>(value: unknown, options: OpenDeepOptions = {}): Promise<OpenedDeep<T>> {
    const found = findEnvelopes(value);
    const opened = await this.openMany(
      found.map(({ sealed }) => sealed),
      options,
    );
    const clear = new Map<string, unknown>();
    const subjects = new Set<string>();
    const erased: string[] = [];
    for (const [i, { path, sealed }] of found.entries()) {
      const field = opened[i] as Opened<unknown>;
      if (field.erased) {
        erased.push(path);
        clear.set(path, ERASED_TEXT);
      } else {
        subjects.add(sealed.s);
        clear.set(path, options.present ? options.present(field.value, path, sealed) : field.value);
      }
    }
    return { value: replaceEnvelopes(value, clear) as T, subjects: [...subjects], erased };
  }

  /** Makes one value of a subject findable; see `addIndexes`. */
  async addIndex(field: IndexField, value: string, subjectId: string): Promise<void> {
    await this.index.add(subjectId, [{ field, value }]);
  }

  /** Makes values of a subject findable, in one statement; repeating it changes nothing. */
  async addIndexes(subjectId: string, entries: readonly IndexEntry[]): Promise<void> {
    await this.index.add(subjectId, entries);
  }

  /** Ids of subjects that have or once had a value; confirm a hit against the decrypted current value. */
  async find(field: IndexField, value: string): Promise<string[]> {
    return this.index.find(field, value);
  }

  /** See `Claims.claim`. */
  async claim(kind: IndexField, value: string, owner: string, stillHolds: (stream: string) => Promise<boolean>): Promise<void> {
    await this.claims.claim(kind, value, owner, stillHolds);
  }

  /** Gives one value back that `owner` holds, as after a correction. */
  async releaseClaim(kind: IndexField, value: string, owner: string): Promise<void> {
    await this.claims.release(kind, value, owner);
  }

  /** Gives back all that a stream holds, as when its person was erased. */
  async releaseClaims(owner: string): Promise<void> {
    await this.claims.releaseAll(owner);
  }

  /** See `CommandHashes.hash`. */
  async commandHash(canonicalBody: string, subjectId: string | null): Promise<CommandHash> {
    return this.hashes.hash(canonicalBody, subjectId);
  }

  /** See `CommandHashes.verify`. */
  async verifyCommandHash(stored: CommandHash, canonicalBody: string): Promise<'match' | 'mismatch' | 'key-gone'> {
    return this.hashes.verify(stored, canonicalBody);
  }

  /** See `installationSecret`. */
  async installationSecret(name: string, generate: () => Buffer): Promise<Buffer> {
    return installationSecret(this.dataSource, this.kek, name, generate);
  }
}
