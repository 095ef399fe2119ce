import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type CommandResult, runCommand } from '../run-command.ts';
import { workspacePackages } from '../workspace.ts';

/** Members whose meaning the language or Node fixes; a comment would only repeat it. */
const selfExplaining = /\.(\[asyncDispose\]|\[dispose\]|\[custom\]|toString|toJSON) \(CallSignature\)/;
/** It counts what is left out here too. */
const summary = /Found \d+ errors and \d+ warnings/;

/** What `npm run docs` documents of a package: the entry points of its `typedoc.json`. */
function entryPoints(folder: string): string[] {
  const file = path.join(folder, 'typedoc.json');
  const options: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const points =
    typeof options === 'object' && options !== null && 'entryPoints' in options
      ? options.entryPoints
      : undefined;
  const sources = Array.isArray(points) ? points.map(String) : ['src/index.ts'];
  return sources.map((source) => path.join(folder, source));
}

/**
 * Reads the API reference of all packages as `npm run docs` does, and writes nothing; a warning, for example a missing doc
 * comment, is a failure. As one program: package by package the same sources would be parsed twenty times. Errors of types
 * have a check of their own.
 */
export async function checkApiReference(): Promise<CommandResult> {
  const packages = workspacePackages();
  const points = packages.flatMap(({ folder }) => entryPoints(folder));
  const { ok, output } = await runCommand('typedoc', [
    '--entryPointStrategy',
    'resolve',
    ...points.flatMap((point) => ['--entryPoints', point]),
    ...packages.flatMap(({ manifest }) => ['--packagesRequiringDocumentation', manifest.name]),
    '--tsconfig',
    'tsconfig.json',
    '--skipErrorChecking',
    '--excludeInternal',
    '--excludeExternals',
    '--emit',
    'none',
    '--logLevel',
    'Warn',
  ]);
  const lines = output.split('\n').filter((line) => !selfExplaining.test(line) && !summary.test(line));
  return { ok: ok && !lines.some((line) => line.includes('[warning]')), output: lines.join('\n') };
}
