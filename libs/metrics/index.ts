export * from './check.js';
export * from './event-store.js';
export * from './metrics.js';
export * from './serve.js';
