// Brings the durable schemas of DATABASE_URL up to date; run once before API and worker start.
const { migrate } = require('../dist/libs/database/index.js');

migrate(process.env.DATABASE_URL ?? '').catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
