export * from './maintenance/index.js';
export { type Credentials, readPasswordFile } from './security/account.js';
export { ListenError, SecurityError } from './security/errors.js';
export type { CertificateFiles } from './security/own-certificate.js';
export { type EmbeddedEventStore, type EmbeddedEventStoreOptions, startEmbeddedEventStore } from './server.js';
export { StorageFormatError } from './storage/database.js';
export { DamagedRecordError } from './storage/record.js';
