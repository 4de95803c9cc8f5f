// Emmett's event store and projector, driven by the bench over its channel: {seed: file} once, then {rebuild: name} for each run.
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import {
  getPostgreSQLEventStore,
  pongoMultiStreamProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

// The folds are the system's own, built: both sides do the same to the same events.
const { DATABASE_URL: connectionString, HUICAI_VIEWS: modules, HUICAI_REFERENCE: reference } = process.env;
const require = createRequire(import.meta.url);
const views = JSON.parse(modules).map(([module, name]) => require(module)[name]);
const time = JSON.parse(reference);

/** One document for the rows of a partition, and how many events it was folded from. */
function projectionOf(definition, types, collectionName) {
  const instants = Object.entries(definition.table.columns)
    .filter(([, type]) => type.startsWith('timestamptz'))
    .map(([name]) => name);
  const revived = (row) => ({
    ...row,
    ...Object.fromEntries(instants.map((name) => [name, row[name] === null ? null : new Date(row[name])])),
  });
  const keyOf = (row) => JSON.stringify(definition.table.key.map((name) => row[name]));
  return pongoMultiStreamProjection({
    collectionName,
    canHandle: types,
    getDocumentId: (event) => definition.partition(recorded(event)),
    initialState: () => ({ folded: 0, rows: [] }),
    evolve: (document, event) => {
      const rows = new Map(document.rows.map((row) => [keyOf(row), revived(row)]));
      definition.fold(
        {
          all: () => [...rows.values()],
          one: () => rows.values().next().value,
          put: (row) => rows.set(keyOf(row), row),
          delete: (row) => rows.delete(keyOf(row)),
        },
        recorded(event),
        time,
      );
      return { ...document, folded: document.folded + 1, rows: [...rows.values()] };
    },
  });
}

const recorded = ({ type, data, metadata }) => ({
  id: metadata.messageId,
  stream: metadata.streamName,
  revision: metadata.streamPosition - 1n,
  position: metadata.globalPosition,
  type,
  data,
  metadata,
});

let types = [];

/** One append after the other: the version measured loses events whose transactions overlap. */
async function seed(file) {
  const store = getPostgreSQLEventStore(connectionString);
  let events = 0;
  const seen = new Set();
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const { stream, type, data, metadata } = JSON.parse(line);
      await store.appendToStream(stream, [{ type, data, metadata }]);
      seen.add(type);
      events++;
    }
  } finally {
    await store.close();
  }
  types = [...seen];
  return { events };
}

/** Under a name nothing was rebuilt under before: a second run of one name goes on where the first has ended. */
async function rebuild(name) {
  const collections = views.map((definition) => `${definition.name}_${name}`);
  const consumer = rebuildPostgreSQLProjections({
    connectionString,
    projections: views.map((definition, i) => projectionOf(definition, types, collections[i])),
    pulling: { batchSize: 1_000 },
  });
  const from = performance.now();
  try {
    await consumer.start();
  } finally {
    await consumer.close();
  }
  const seconds = (performance.now() - from) / 1_000;
  return { seconds, found: await look(collections) };
}

/** What has become of the collections: how many events were folded, and the documents' rows by name of the view. */
async function look(collections) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const found = {};
    for (const [i, collection] of collections.entries()) {
      const { rows } = await client.query(`select data from "${collection}"`);
      found[views[i].name] = {
        folded: rows.reduce((sum, { data }) => sum + data.folded, 0),
        rows: rows.flatMap(({ data }) => data.rows).map(({ status, submitted_at }) => ({ status, submitted_at })),
      };
      await client.query(`drop table "${collection}"`);
    }
    return found;
  } finally {
    await client.end();
  }
}

process.on('message', (message) => {
  const work = message.seed === undefined ? rebuild(message.rebuild) : seed(message.seed);
  work.then(
    (done) => process.send({ done }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => process.exit(0));
