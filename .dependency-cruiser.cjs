/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'core-depends-on-nothing-of-ours', severity: 'error',
      from: { path: '^packages/core/' }, to: { path: '^packages/(?!core/)' } },
    { name: 'plugins-only-on-core', severity: 'error',
      from: { path: '^packages/(plugin-[^/]+)/' }, to: { path: '^packages/(?!core/|$1/)' } },
    { name: 'cross-package-imports-by-name-only', severity: 'error',
      from: { path: '^packages/([^/]+)/' }, to: { path: '^packages/(?!$1/)', dependencyTypes: ['local'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.tsbuild|coverage)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@sendense/source', 'import', 'node', 'default'] },
  },
};

