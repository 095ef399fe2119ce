import ts from 'typescript';
import type { SourceFile } from './source-file.ts';

/** What every package has. */
const everywhere = ['package.json', 'tsconfig.json', 'LICENSE', 'README.md', 'src/index.ts'];

/** Packages that implement a contract: they look alike, so that who knows one knows all. */
const plugin = /^(source|target|repository|blockio|converter|transport|platform)-/;

/**
 * Packages whose errors have a table elsewhere: of the file system and of NBD servers in plugin-kit (`mapErrno`,
 * `plugin-kit/nbd`), of libvirt in platform-kvm, of vSphere in platform-vmware. A second one would be a copy of it.
 */
const mappedElsewhere: ReadonlySet<string> = new Set([
  'blockio-file',
  'blockio-nbd',
  'platform-image',
  'repository-local',
  'source-image',
  'source-qemu',
  'source-vmware',
  'target-image',
  'target-qemu',
  'target-vmware',
]);

/** The conformance suite of a package; one that only a foreign program can show is of the suite `int`. */
const CONFORMANCE = 'test/conformance.test.ts';
const CONFORMANCE_WITH_PEERS = 'test/conformance.int.test.ts';

/** Sentences about files that a package lacks. `files` are relative to the package. */
export function packageFileViolations(id: string, files: ReadonlySet<string>): string[] {
  const isThere = (file: string) =>
    files.has(file) || (file === CONFORMANCE && files.has(CONFORMANCE_WITH_PEERS));
  const missing = requiredFiles(id).filter((file) => !isThere(file));
  return missing.map((file) => `packages/${id} has no ${file}, which every package of its kind has`);
}

function requiredFiles(id: string): string[] {
  if (!plugin.test(id)) return everywhere;
  // what the halves of a platform share implements no contract
  const errors = mappedElsewhere.has(id) ? [] : ['src/map-error.ts'];
  if (id.startsWith('platform-')) return [...everywhere, ...errors];
  const source = [id, 'options'];
  // the contract of a block-IO driver declares no capabilities
  if (!id.startsWith('blockio-')) source.push('capabilities');
  return [...everywhere, ...source.map((name) => `src/${name}.ts`), ...errors, CONFORMANCE];
}

/** Sentences about a package's `index.ts` that does more than re-export by name. */
export function indexViolations({ file, tree }: SourceFile): string[] {
  if (!/^packages\/[^/]+\/src\/index\.ts$/.test(file)) return [];
  const odd = tree.statements.find((statement) => !isNamedReExport(statement));
  if (odd === undefined) return [];
  return [`${file} does more than re-export by name: ${odd.getText(tree).split('\n')[0]}`];
}

function isNamedReExport(statement: ts.Statement): boolean {
  if (!ts.isExportDeclaration(statement)) return false;
  const { exportClause, moduleSpecifier } = statement;
  return moduleSpecifier !== undefined && exportClause !== undefined && ts.isNamedExports(exportClause);
}

/** A plugin joins the conformance kit in a few lines: what is longer hides exceptions. */
export function conformanceViolations({ file, lines }: SourceFile): string[] {
  if (!/\/test\/conformance(\.int)?\.test\.ts$/.test(file) || lines <= 20) return [];
  return [`${file} has ${lines} lines, more than 20: capabilities choose the cases, not code`];
}
