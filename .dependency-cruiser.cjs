// Who may import whom. Every rule carries its reason; ARCHITECTURE.md draws the picture.
const anyPackage = '^packages/([^/]+)/';
const testFile = '\\.test\\.ts$|^packages/[^/]+/test/';

/** Files of the packages matched by `from` may import our packages only when matched by `allowed` (or themselves). */
function layer(name, from, allowed, comment) {
  const others = ['$1', ...allowed].join('|');
  return {
    name,
    severity: 'error',
    comment,
    from: { path: `^packages/(${from})/`, pathNot: testFile },
    to: { path: '^packages/', pathNot: `^packages/(${others})/` },
  };
}

const basis = ['core', 'plugin-kit'];
const mechanisms = ['formats', 'converter-[^/]+', 'blockio-[^/]+', 'transport-[^/]+', 'object-repository'];
const middle = ['repository-[^/]+', 'platform-[^/]+', 'guest', 'file-restore', 'file-mount', 'nbd-service'];
const applications = ['quickstart', 'agent', 'server', 'cli', 'dashboard'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment:
        'Two files that import each other cannot be read, tested or replaced one at a time. Contracts that name each other (a writer takes a driver, a driver opens a writer) may: their types are erased.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'An import that does not resolve hides from every other rule here.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'cross-package-by-name',
      severity: 'error',
      comment:
        'A package is reached by its name and through its exports: a relative path works in the checkout and breaks in the tarball.',
      from: { path: anyPackage },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'published-imports-no-repository-tooling',
      severity: 'error',
      comment: 'tools, tests, examples and bench are not in the tarballs.',
      from: { path: '^packages/[^/]+/src/', pathNot: testFile },
      to: { path: '^(tools|tests|examples|bench)/' },
    },
    layer(
      'core-imports-none-of-ours',
      'core',
      [],
      'core is the contract that everything else implements: it knows nobody.',
    ),
    layer(
      'plugin-kit-on-core',
      'plugin-kit',
      ['core'],
      'plugin-kit is what plugin authors build on: it knows the contracts only.',
    ),
    layer(
      'testkit-on-core-and-plugin-kit',
      'testkit',
      basis,
      'The kit judges every plugin, so it depends on none.',
    ),
    layer(
      'mechanisms-on-the-basis',
      'formats|blockio-[^/]+|transport-[^/]+|object-repository',
      basis,
      'Formats, block IO, transports and the object format are used apart from each other.',
    ),
    layer(
      'converters-on-formats',
      'converter-[^/]+',
      [...basis, 'formats'],
      'A program of others opens whatever a disk file names: our own reader looks at it first.',
    ),
    layer(
      'repositories-and-platforms-on-mechanisms',
      'repository-[^/]+|platform-[^/]+|guest|file-restore|nbd-service',
      [...basis, ...mechanisms],
      'A repository or a platform combines mechanisms; it does not know sources, targets or the engine.',
    ),
    layer(
      'file-mount-on-file-restore',
      'file-mount',
      [...basis, ...mechanisms, 'file-restore'],
      'Mounting shows the volumes that browsing finds: where file systems lie is known in one place.',
    ),
    layer(
      'sources-on-everything-below',
      'source-[^/]+',
      [...basis, ...mechanisms, ...middle],
      'The halves of a platform share its platform package, never each other.',
    ),
    layer(
      'targets-on-everything-below-and-image-files',
      'target-[^/]+',
      [...basis, ...mechanisms, ...middle, 'target-image'],
      'The halves of a platform share its platform package, never each other. Where the disks of a platform are image files, its target composes the one that writes those.',
    ),
    layer(
      'engine-on-contracts',
      'engine',
      basis,
      'The engine knows contracts only: any plugin works with it unchanged.',
    ),
    layer(
      'catalog-on-contracts',
      'catalog',
      basis,
      'The catalog stores what the contracts say, whoever produced it.',
    ),
    layer(
      'api-on-core',
      'api',
      ['core'],
      'What the service takes and answers is known to its clients too: it brings nothing of either side.',
    ),
    layer(
      'client-on-api-and-core',
      'client',
      ['core', 'api'],
      'A client of the service is installed where nothing of Sendense runs: it knows requests, replies and errors only.',
    ),
    layer(
      'server-on-engine-and-contracts',
      'server',
      [...basis, 'api', 'engine', 'catalog', 'file-restore', 'file-mount'],
      'The server takes places by name from its host: whoever uses it chooses the plugins, and installs no others.',
    ),
    {
      name: 'engine-touches-no-outside',
      severity: 'error',
      comment:
        'Programs, sockets and vendor SDKs belong to plugins: the engine only decides what happens when.',
      from: { path: '^packages/engine/src/', pathNot: testFile },
      to: { path: '^(node:)?(child_process|net|tls|http|https|http2|dgram)$' },
    },
    {
      name: 'engine-and-core-use-no-vendor-sdk',
      severity: 'error',
      comment: 'A vendor type in a contract would make every user install that SDK.',
      from: { path: '^packages/(core|engine|plugin-kit|catalog)/' },
      to: { path: 'node_modules/(@aws-sdk|@azure|@google-cloud|ssh2|node-vmware)/' },
    },
    {
      name: 'core-needs-zod-only',
      severity: 'error',
      comment: 'Everybody who writes a plugin installs core: it brings zod and nothing else.',
      from: { path: '^packages/core/src/', pathNot: testFile },
      to: { dependencyTypes: ['npm'], pathNot: 'node_modules/zod/' },
    },
    {
      name: 'testkit-in-tests-only',
      severity: 'error',
      comment: 'testkit is a devDependency everywhere and a dependency nowhere.',
      from: { path: '^packages/', pathNot: `^packages/testkit/|${testFile}` },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'no-dev-dependencies-in-published-code',
      severity: 'error',
      comment: 'Users do not get devDependencies; only tests may use them.',
      from: { path: '^packages/[^/]+/src/', pathNot: testFile },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'no-undeclared-npm',
      severity: 'error',
      comment: 'What is imported is declared: an undeclared package is there by accident of hoisting.',
      from: { path: '^packages/[^/]+/src/', pathNot: testFile },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'many-plugins-in-applications-only',
      severity: 'error',
      comment:
        'quickstart and the applications put plugins together; nothing below imports them. The client is tested against the server itself.',
      from: { path: anyPackage, pathNot: `^packages/((${applications.join('|')})/|client/test/)` },
      to: { path: `^packages/(${applications.join('|')})/` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Anchored: a dependency's own dist/ in node_modules must stay visible to the rules.
    exclude: { path: '^(packages/[^/]+/dist|\\.tsbuild|\\.docs|coverage)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@sendense/source', 'types', 'import', 'node', 'default'],
    },
  },
};
