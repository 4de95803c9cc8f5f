export { createDataSource, type DataSourceSettings } from './data-source.js';
export { entities } from './entities.js';
export { DatabaseUnavailableError, isDatabaseUnavailable, MigrationError } from './errors.js';
export { migrate } from './migrate.js';
export { migrations } from './migrations.js';
