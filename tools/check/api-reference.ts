import { type CommandResult, runCommand } from '../run-command.ts';

// Not every package has subpaths, so that pattern may match nothing.
const expected = /src\/\*\/index\.ts did not match any files/;

/** Writes the API reference to `.docs/`; a warning, for example a missing doc comment, is a failure. */
export async function writeApiReference(): Promise<CommandResult> {
  const { ok, output } = await runCommand('typedoc', ['--out', '.docs', '--logLevel', 'Warn']);
  const lines = output.split('\n').filter((line) => line !== '' && !expected.test(line));
  return { ok: ok && !lines.some((line) => line.includes('[warning]')), output: lines.join('\n') };
}
