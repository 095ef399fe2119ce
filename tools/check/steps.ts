import { buildPackages } from '../build/build-packages.ts';
import { type CommandResult, runCommand } from '../run-command.ts';
import { runPnpm } from '../run-pnpm.ts';
import { checkApiReference } from './api-reference.ts';
import { checkTarballs } from './check-tarballs.ts';
import { formatRust, lintRust, testRust } from './rust.ts';
import type { Step } from './step.ts';

/** The checks, the long ones first so that they overlap with the short ones. */
export const steps: readonly Step[] = [
  command('types', 'tsc', ['-p', 'tsconfig.json', '--noEmit']),
  { name: 'build', run: buildPackages },
  { name: 'rust lint', run: lintRust },
  { name: 'rust tests', after: ['rust lint'], run: testRust },
  { name: 'rust format', run: formatRust },
  command('lint and format', 'biome', ['check', '--error-on-warnings', '--max-diagnostics=100']),
  command('lint with types', 'oxlint', ['--type-aware', '--deny-warnings']),
  command('imports', 'depcruise', [
    'packages',
    'tools',
    'tests',
    'examples',
    'bench',
    '--output-type',
    'err-long',
  ]),
  command('unused', 'knip', ['--no-config-hints']),
  tool('code shape', 'tools/check-code-shape.ts'),
  tool('generated docs', 'tools/generate-docs.ts', ['--check']),
  { name: 'api reference', run: checkApiReference },
  { name: 'tarballs', after: ['build'], run: checkTarballs },
  { name: 'publish dry run', after: ['tarballs'], run: publishDryRun },
];

function command(name: string, program: string, args: readonly string[]): Step {
  return { name, run: () => runCommand(program, args) };
}

function tool(name: string, file: string, args: readonly string[] = []): Step {
  return { name, run: () => runCommand(process.execPath, [...process.execArgv, file, ...args]) };
}

// --force: do not ask the registry which versions it has, so that the dry run needs no network. --ignore-scripts: what keeps
// incomplete native packages from being published (tools/release) is tested by itself; here most of them are incomplete.
function publishDryRun(): Promise<CommandResult> {
  return runPnpm(['-r', 'publish', '--dry-run', '--no-git-checks', '--force', '--ignore-scripts']);
}
