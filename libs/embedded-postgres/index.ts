export { type EmbeddedPostgres, type EmbeddedPostgresOptions, type PostgresExit, startEmbeddedPostgres } from './start.js';
