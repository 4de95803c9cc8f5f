module.exports = async () => {
  await globalThis.__huicaiTestPostgres?.stop();
};
