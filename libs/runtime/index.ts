export * from './child.js';
export { ConfigurationError } from './configuration-error.js';
export * from './connections.js';
export * from './data-directory.js';
export * from './directory-lock.js';
export * from './process-table.js';
export * from './runtime-file.js';
export * from './supervise.js';
export * from './supervise-child.js';
