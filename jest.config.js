// Nest 12 and a few of its dependencies are published as ES modules only; jest on Node 20 can not require() those,
// so they are the one part of node_modules that is transformed.
const esmOnly = [
  '@nestjs',
  'cookie',
  'content-disposition',
  'file-type',
  'strtok3',
  'token-types',
  '@tokenizer',
  'uint8array-extras',
  '@borewit',
  'jose',
];
const swc = (parser, transform) => [
  '@swc/jest',
  {
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'commonjs' },
    jsc: { target: 'es2022', parser, transform, keepClassNames: true },
  },
];

module.exports = {
  testEnvironment: 'node',
  // Many suites wait for processes of their own, so a second worker pays even on two cores.
  maxWorkers: 2,
  // They wait for real servers; a machine that others use may stand still for longer than the usual five seconds.
  testTimeout: 30_000,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  globalSetup: '<rootDir>/test/support/global-setup.cjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.cjs',
  testRegex: '\\.spec\\.ts$',
  moduleFileExtensions: ['ts', 'js', 'json', 'node'],
  transform: {
    '^.+\\.ts$': swc(
      { syntax: 'typescript', decorators: true },
      { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    ),
    '/node_modules/.+\\.m?js$': swc({ syntax: 'ecmascript' }),
  },
  // Not '/node_modules/(?!…)': that would ignore nested copies such as light-my-request/node_modules/cookie.
  transformIgnorePatterns: [`^(?!.*/node_modules/(?:${esmOnly.join('|')})/).*/node_modules/`],
  moduleNameMapper: { '^@huicai/(.*)$': '<rootDir>/libs/$1/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
};
