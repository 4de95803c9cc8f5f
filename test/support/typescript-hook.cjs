// Lets plain node require the TypeScript sources of this repository, without a build: `node -r ./test/support/typescript-hook.cjs x.ts`.
// For jest's global set-up, which jest runs without its module mapping, and for fixture processes of tests.
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join, resolve } = require('node:path');
const { transformSync } = require('@swc/core');

const libs = resolve(__dirname, '..', '..', 'libs');
const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function (request, parent, ...rest) {
  return resolveFilename.call(this, sourceOf(request, parent) ?? request, parent, ...rest);
};

function sourceOf(request, parent) {
  const lib = /^@huicai\/([^/]+)$/.exec(request);
  if (lib) return join(libs, lib[1], 'index.ts');
  if (!/^\.{1,2}\/.*\.js$/.test(request) || !parent?.filename) return undefined;
  const source = join(dirname(parent.filename), request.replace(/\.js$/, '.ts'));
  return existsSync(source) ? source : undefined;
}

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  });
  module._compile(code, filename);
};
