// Preloaded into the server under test (`node --expose-gc --require`): answers its parent with the bytes that are still
// in use after a collection, which resident memory can not tell.
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  process.send({ type: 'memory', bytes: heapUsed + external });
});
