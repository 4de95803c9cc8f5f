export { type EmbeddedEventStore, type EmbeddedEventStoreOptions, ListenError, startEmbeddedEventStore } from './server.js';
export { StorageFormatError } from './storage/database.js';
export { DamagedRecordError } from './storage/record.js';
