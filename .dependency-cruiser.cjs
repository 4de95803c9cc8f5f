// Who may know whom. Run by `npm run lint` and by test/architecture, which also proves that every rule can fail.

/** Specs and what only they use: may reach into anything. */
const TEST_ONLY = '\\.(spec|fixture)\\.ts$|^libs/kernel/spec-dsl\\.ts$|^libs/[^/]+/testing/|^test/';

/** Rulebooks: the files of a context without a second dot in their name, and its rules. Flows, intakes and views are edges. */
const RULEBOOKS = '^libs/contexts/[^/]+/([^/.]+\\.ts$|rules/)';
const PURE = `^libs/(kernel|working-time)/|${RULEBOOKS}`;

/** Frameworks, drivers and clients. */
const MACHINERY =
  '(^|/)node_modules/(@nestjs|@eventstore|@kurrent|@grpc|@fastify|fastify|typeorm|pg|lmdb|rxjs|reflect-metadata)(/|$)';

/** What a context shows to the others. */
const PUBLISHED = '^libs/contexts/[^/]+/(contract|facts)\\.ts$';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule('no-circular', 'Nothing depends on itself, by types either.', {}, { circular: true }),
    rule('no-unresolvable', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    rule(
      'rulebooks-are-pure',
      'Kernel, working time, contracts, facts, rules and deciders reach no framework, driver or client, not even through others.',
      { path: PURE, pathNot: TEST_ONLY },
      { path: MACHINERY, reachable: true },
    ),
    rule(
      'rulebooks-do-no-io',
      'A decision depends on command, state and facts alone.',
      { path: `^libs/working-time/|${RULEBOOKS}`, pathNot: TEST_ONLY },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'contexts-meet-by-contract',
      'Of another context only its contract and its facts.',
      { path: '^libs/contexts/([^/]+)/', pathNot: TEST_ONLY },
      { path: '^libs/contexts/[^/]+/', pathNot: [`^libs/contexts/$1/`, PUBLISHED] },
    ),
    rule(
      'shared-files-know-no-context',
      'What all contexts share knows none of them from inside.',
      { path: '^libs/contexts/[^/]+\\.ts$', pathNot: TEST_ONLY },
      { path: '^libs/contexts/[^/]+/', pathNot: PUBLISHED },
    ),
    rule(
      'views-decide-nothing',
      'Reporting and audit look at everyone and own no rules.',
      { path: '^libs/contexts/(reporting|audit)/', pathNot: TEST_ONLY },
      { path: '^libs/contexts/(reporting|audit)/(rules/|contract\\.ts$)' },
    ),
    rule(
      'store-client-in-one-file',
      'The successor of the client must be able to take its place.',
      { pathNot: [TEST_ONLY, '^libs/event-store/eventstoredb\\.ts$', '^libs/embedded-eventstore/'] },
      { path: '(^|/)node_modules/@(eventstore|kurrent)/' },
    ),
    rule(
      'embedded-store-speaks-protobuf-only',
      'The embedded server uses the generated messages of the protocol, not the client.',
      { path: '^libs/embedded-eventstore/', pathNot: TEST_ONLY },
      { path: '(^|/)node_modules/@(eventstore|kurrent)/', pathNot: '(^|/)node_modules/@eventstore/db-client/generated/' },
    ),
    rule('libs-know-no-app', 'Libraries serve every app.', { path: '^libs/' }, { path: '^apps/' }),
    rule(
      'apps-know-no-other-app',
      'What two apps need is a library.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    rule(
      'libs-by-their-index',
      'Another library is what its index says it is.',
      { path: '^libs/([^/]+)/', pathNot: TEST_ONLY },
      {
        path: '^libs/',
        pathNot: ['^libs/$1/', '^libs/[^/]+/index\\.ts$', '^libs/contexts/', '^libs/event-store/port\\.ts$'],
      },
    ),
    rule(
      'apps-use-libs-by-their-index',
      'An app composes contexts; of other libraries it sees the index.',
      { path: '^apps/', pathNot: TEST_ONLY },
      { path: '^libs/', pathNot: ['^libs/[^/]+/index\\.ts$', '^libs/contexts/'] },
    ),
    rule(
      'port-as-type-only',
      'Only the kernel sees the port without the adapter, and only its types.',
      { pathNot: [TEST_ONLY, '^libs/event-store/'] },
      { path: '^libs/event-store/port\\.ts$', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'port-for-the-kernel',
      'Other libraries import the event store by its index.',
      { pathNot: [TEST_ONLY, '^libs/(event-store|kernel)/'] },
      { path: '^libs/event-store/port\\.ts$' },
    ),
    rule(
      'contexts-are-composed',
      'Contexts are put together, and filled, in one place each; the libraries under them know none.',
      { path: '^libs/', pathNot: [TEST_ONLY, '^libs/(contexts|composition|seed)/'] },
      { path: '^libs/contexts/' },
    ),
    rule(
      'specs-are-for-specs',
      'What ships does not import what tests it.',
      { path: '^(apps|libs)/', pathNot: TEST_ONLY },
      { path: TEST_ONLY },
    ),
    rule(
      'packages-are-declared',
      'What ships uses declared dependencies only.',
      { path: '^(apps|libs)/', pathNot: TEST_ONLY },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
