import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { CommandHash } from '@huicai/kernel';
import { CommandHashMalformedError, SubjectKeyDestroyedError, SubjectKeyMissingError } from './errors.js';
import { deriveKey } from './key-wrap.js';
import { isSubjectId, type SubjectKeys } from './subject-keys.js';

const LABEL = 'command-hash';
const INSTALLATION_KEY = 'i:command:1';

const SUBJECT_KEY = /^s:([^:]+):([1-9]\d{0,8}|erased)$/;

/**
 * Keyed hashes of command bodies, by which a repeat of a command is told from another command under the same idempotency key.
 * `k` names the key: `s:<subjectId>:<version>`, `i:command:1`, or `s:<subjectId>:erased` where no key is left and `v` is empty.
 */
export class CommandHashes {
  private readonly installationKey: Buffer;

  constructor(
    private readonly subjectKeys: SubjectKeys,
    commandKey: KeyObject,
  ) {
    this.installationKey = deriveKey(commandKey, LABEL);
  }

  /**
   * @param canonicalBody canonical JSON of the validated body.
   * @param subjectId the lead subject of a body with personal fields: the hash can then no longer be compared once that
   * subject is erased (its key is created if it has none); null for a body without personal fields.
   */
  async hash(canonicalBody: string, subjectId: string | null): Promise<CommandHash> {
    if (subjectId === null) return { k: INSTALLATION_KEY, v: hmac(this.installationKey, canonicalBody) };
    try {
      const { version, key } = await this.subjectKeys.ensure(subjectId);
      return { k: `s:${subjectId}:${version}`, v: hmac(deriveKey(key, LABEL), canonicalBody) };
    } catch (error) {
      if (error instanceof SubjectKeyDestroyedError) return { k: `s:${subjectId}:erased`, v: '' };
      throw error;
    }
  }

  /**
   * Whether a body is the one a stored hash was made of.
   * @returns `key-gone` when the subject was erased and nothing can be said any more.
   * @throws CommandHashMalformedError, SubjectKeyMissingError.
   */
  async verify(stored: CommandHash, canonicalBody: string): Promise<'match' | 'mismatch' | 'key-gone'> {
    const key = await this.keyNamed(stored.k);
    if (key === 'destroyed') return 'key-gone';
    return sameText(hmac(key, canonicalBody), stored.v) ? 'match' : 'mismatch';
  }

  private async keyNamed(name: string): Promise<Buffer | 'destroyed'> {
    if (name === INSTALLATION_KEY) return this.installationKey;
    const { subjectId, version } = subjectKeyNamed(name) ?? {};
    if (!subjectId) throw new CommandHashMalformedError();
    if (version === 'erased') return 'destroyed';
    const keys = (await this.subjectKeys.load([subjectId])).get(subjectId);
    const named = keys?.find((key) => key.version === Number(version));
    if (!named) throw new SubjectKeyMissingError(subjectId);
    return named.key === 'destroyed' ? 'destroyed' : deriveKey(named.key, LABEL);
  }
}

/**
 * Compares the hash kept with a command's events with the one of its repetition.
 * @returns `key-gone` when both belong to one subject but were not made with the same key, so that nothing can be said.
 */
export function sameCommand(kept: CommandHash, now: CommandHash): boolean | 'key-gone' {
  if (kept.k === now.k && !kept.k.endsWith(':erased')) return sameText(kept.v, now.v);
  const subject = subjectKeyNamed(kept.k)?.subjectId;
  return subject !== undefined && subject === subjectKeyNamed(now.k)?.subjectId ? 'key-gone' : false;
}

function subjectKeyNamed(name: string): { subjectId: string; version: string } | undefined {
  const [, subjectId, version] = SUBJECT_KEY.exec(name) ?? [];
  return subjectId && version && isSubjectId(subjectId) ? { subjectId, version } : undefined;
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a, 'utf8');
  const right = Buffer.from(b, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}

const hmac = (key: Buffer, text: string): string => createHmac('sha256', key).update(text, 'utf8').digest('base64url');
