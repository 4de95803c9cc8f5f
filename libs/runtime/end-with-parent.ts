// Preloaded (`node --require`) into a forked process that does one piece of work and ends by itself: should the parent die
// first, it ends too. Unlike a server's, its channel does not keep it alive.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
