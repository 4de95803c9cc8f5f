export type { IndexEntry } from './blind-index.js';
export { ORPHAN_CLAIM_SECONDS } from './claims.js';
export { sameCommand } from './command-hash.js';
export type { Listening } from './destruction-notices.js';
export { envelopeContext } from './envelope.js';
export * from './errors.js';
export { createKekFile, readKek } from './kek.js';
export { MAX_CACHE_AGE_MS } from './key-cache.js';
export { maskIdNumber, maskName, maskPhone } from './mask.js';
export { VaultTables1767225600001 } from './migrations/1767225600001-vault-tables.js';
export {
  type IndexField,
  normaliseCardNumber,
  normaliseIdNumber,
  normaliseName,
  normalisePhone,
  normaliseText,
} from './normalise.js';
export { isSubjectId, KEY_DESTROYED_CHANNEL } from './subject-keys.js';
export {
  ERASED_TEXT,
  type OpenDeepOptions,
  type Opened,
  type OpenedDeep,
  type OpenOptions,
  type Sealer,
  Vault,
} from './vault.js';
