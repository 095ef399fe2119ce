import { expect, test } from 'vitest';
import { environmentViolations } from './environment.ts';
import { manifestViolations } from './manifest.ts';
import { nameViolations } from './names.ts';
import { conformanceViolations, indexViolations, packageFileViolations } from './package-files.ts';
import { parseSource } from './source-file.ts';

const reads = 'export const home = process.env.HOME;\n';

test.each(['packages/core/src/a.ts', 'packages/plugin-kit/src/retry/a.ts'])(
  '%s may not read process.env',
  (file) => {
    expect(environmentViolations(parseSource(file, reads))).toHaveLength(1);
  },
);

test.each([
  'packages/cli/src/a.ts',
  'packages/plugin-kit/src/config/a.ts',
  'packages/core/src/a.test.ts',
  'tools/a.ts',
])('%s may read process.env', (file) => {
  expect(environmentViolations(parseSource(file, reads))).toEqual([]);
});

test('a comment that mentions process.env is no read of it', () => {
  expect(environmentViolations(parseSource('packages/core/src/a.ts', '// never process.env\n'))).toEqual([]);
});

test.each([
  'packages/core/src/utils.ts',
  'packages/core/src/helpers/a.ts',
  'packages/core/src/disk-manager.test.ts',
])('the name of %s says nothing', (file) => {
  expect(nameViolations(parseSource(file, ''))).toHaveLength(1);
});

test('file names are kebab-case', () => {
  expect(nameViolations(parseSource('packages/core/src/copyBlocks.ts', ''))).toHaveLength(1);
  expect(nameViolations(parseSource('packages/core/src/copy-blocks.int.test.ts', ''))).toEqual([]);
});

test('declared names are held to the same', () => {
  expect(nameViolations(parseSource('tools/a.ts', 'class DiskManager {}\n'))).toHaveLength(1);
  expect(nameViolations(parseSource('tools/a.ts', 'class Disk {}\n'))).toEqual([]);
});

test('index.ts re-exports by name and does nothing else', () => {
  const index = (text: string) => indexViolations(parseSource('packages/core/src/index.ts', text));
  expect(index("export { a, type B } from './a.ts';\nexport type { C } from './c.ts';\n")).toEqual([]);
  expect(index("export * from './a.ts';\n")).toHaveLength(1);
  expect(index("import './a.ts';\n")).toHaveLength(1);
  expect(index('export const a = 1;\n')).toHaveLength(1);
});

test('a plugin package has the files of its kind', () => {
  const files = new Set(['package.json', 'tsconfig.json', 'LICENSE', 'README.md', 'src/index.ts']);
  expect(packageFileViolations('core', files)).toEqual([]);
  expect(packageFileViolations('source-image', files)).toContain(
    'packages/source-image has no src/source-image.ts, which every package of its kind has',
  );
});

test('a conformance test longer than 20 lines is reported', () => {
  const file = 'packages/source-image/test/conformance.test.ts';
  expect(conformanceViolations(parseSource(file, '\n'.repeat(20)))).toEqual([]);
  expect(conformanceViolations(parseSource(file, '\n'.repeat(21)))).toHaveLength(1);
});

test('the manifests of published packages agree', () => {
  const manifest = {
    name: '@sendense/core',
    description: 'x',
    type: 'module',
    license: 'Apache-2.0',
    engines: { node: '>=22.18' },
    publishConfig: { access: 'public' },
    exports: {
      '.': { '@sendense/source': 'a', types: 'b', default: 'c' },
      './package.json': './package.json',
    },
  };
  expect(manifestViolations('core', manifest)).toEqual([]);
  expect(manifestViolations('core', { ...manifest, license: 'MIT' })).toHaveLength(1);
  const swapped = { '.': { types: 'b', '@sendense/source': 'a', default: 'c' } };
  expect(manifestViolations('core', { ...manifest, exports: swapped })).toHaveLength(1);
});
