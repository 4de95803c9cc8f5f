export * from './eventstoredb.js';
export * from './options.js';
export * from './port.js';
