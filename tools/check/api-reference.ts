import { type CommandResult, runCommand } from '../run-command.ts';

/** Members whose meaning the language or Node fixes; a comment would only repeat it. */
const selfExplaining = /\.(\[asyncDispose\]|\[dispose\]|\[custom\]|toString|toJSON) \(CallSignature\)/;

/** Writes the API reference to `.docs/`; a warning, for example a missing doc comment, is a failure. */
export async function writeApiReference(): Promise<CommandResult> {
  const { ok, output } = await runCommand('typedoc', ['--out', '.docs', '--logLevel', 'Warn']);
  const lines = output.split('\n').filter((line) => !selfExplaining.test(line));
  return { ok: ok && !lines.some((line) => line.includes('[warning]')), output: lines.join('\n') };
}
