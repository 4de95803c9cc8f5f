// Suites that take longest begin first, so that none of them is still running alone when all others are done. Jest knows that order
// from its earlier runs only, which a fresh clone has none of.
const { default: Sequencer } = require('@jest/test-sequencer');

/** Slowest first: those that take more than some 15 s. */
const longest = [
  'test/faults/projections-killed.spec.ts',
  'test/e2e/readme-tour.spec.ts',
  'test/faults/leadership-lost.spec.ts',
  'libs/composition/projection-worker.spec.ts',
  'test/conformance/model.spec.ts',
  'libs/seed/seed-year.spec.ts',
  'test/supervisor/up.spec.ts',
  'test/faults/projections-replay.spec.ts',
  'test/faults/rebuild.spec.ts',
  'test/faults/rebuild-all.spec.ts',
  'libs/kernel/long-stream.spec.ts',
  'libs/embedded-postgres/start.spec.ts',
  'test/faults/eventstore-overload.spec.ts',
  'test/e2e/kill.spec.ts',
  'test/e2e/seed.spec.ts',
  'libs/projections/parking.spec.ts',
  'libs/embedded-eventstore/storage/event-log.spec.ts',
  'test/supervisor/scripts.spec.ts',
  'test/faults/timers-clock.spec.ts',
  'libs/composition/timers.spec.ts',
  'libs/projections/parking-replay.spec.ts',
  'libs/projections/live-projection.spec.ts',
  'apps/worker/src/observation.spec.ts',
  'test/faults/eventstore-killed.spec.ts',
  'test/e2e/api-process.spec.ts',
];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = longest.findIndex((each) => path.endsWith(`/${each}`));
      return at < 0 ? longest.length : at;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
