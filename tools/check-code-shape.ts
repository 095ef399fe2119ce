import { globSync } from 'node:fs';
import path from 'node:path';
import { environmentViolations } from './check/shape/environment.ts';
import { manifestViolations } from './check/shape/manifest.ts';
import { nameViolations } from './check/shape/names.ts';
import {
  conformanceViolations,
  indexViolations,
  packageFileViolations,
} from './check/shape/package-files.ts';
import { sizeViolations } from './check/shape/size.ts';
import { readSource, type SourceFile } from './check/shape/source-file.ts';
import { publishedPackages, root, type WorkspacePackage } from './workspace.ts';

const folders = '{packages/*,tools,tests,examples,bench}/**/*.ts';
const ignored = ['**/node_modules/**', '**/dist/**'];

/** Prints every deviation from the shape that all code here has; exit code 1 when there is any. */
function main(): void {
  const sources = globSync(folders, { cwd: root, exclude: ignored })
    .sort()
    .map((file) => readSource(root, file));
  const violations = [
    ...sizeViolations(sources),
    ...sources.flatMap(violationsOfFile),
    ...publishedPackages().flatMap(violationsOfPackage),
  ];
  for (const violation of violations) process.stdout.write(`${violation}\n`);
  if (violations.length > 0) process.exitCode = 1;
}

function violationsOfFile(source: SourceFile): string[] {
  const rules = [nameViolations, environmentViolations, indexViolations, conformanceViolations];
  return rules.flatMap((rule) => rule(source));
}

function violationsOfPackage({ id, folder, manifest }: WorkspacePackage): string[] {
  const files = globSync('{*,{src,test}/**/*}', { cwd: folder, exclude: ['node_modules', 'dist'] });
  const names = files.map((file) => file.split(path.sep).join('/'));
  return [...packageFileViolations(id, new Set(names)), ...manifestViolations(id, manifest)];
}

main();
