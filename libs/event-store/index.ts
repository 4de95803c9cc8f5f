export * from './eventstoredb.js';
export * from './port.js';
