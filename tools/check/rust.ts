import { hasCargo, runCargo } from '../build/build-addon.ts';
import { allOf, type CommandResult } from '../run-command.ts';

/** The crates with tests of their own; the addon has none without Node. */
const TESTED = ['--package', 'sendense-blockio', '--package', 'sendense-chunks'];
const SANITIZED_TARGET = 'x86_64-unknown-linux-gnu';

/** Runs `check` where cargo is installed; elsewhere nothing is checked, and CI says so (`.ci/run`). */
async function withCargo(check: () => Promise<CommandResult>): Promise<CommandResult> {
  return (await hasCargo()) ? await check() : { ok: true, output: '' };
}

/** The format of the crates. */
export function formatRust(): Promise<CommandResult> {
  return withCargo(() => runCargo(['fmt', '--all', '--check']));
}

/** Clippy on all crates, and on their tests. */
export function lintRust(): Promise<CommandResult> {
  const deny = ['--', '--deny', 'warnings'];
  return withCargo(async () =>
    allOf([
      await runCargo(['clippy', '--locked', '--workspace', ...deny]),
      await runCargo(['clippy', '--locked', ...TESTED, '--all-targets', ...deny]),
    ]),
  );
}

/**
 * The tests of the crates, under AddressSanitizer and its leak check where Rust can do that. A sanitizer is an
 * unstable option, which the variable allows for this one run.
 */
export function testRust(): Promise<CommandResult> {
  const sanitized = process.platform === 'linux' && process.arch === 'x64';
  const target = sanitized ? ['--target', SANITIZED_TARGET] : [];
  const environment = {
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: '-Zsanitizer=address',
    // a test asks for more memory than there is
    ASAN_OPTIONS: 'detect_leaks=1:allocator_may_return_null=1',
  };
  return withCargo(() => runCargo(['test', '--locked', ...TESTED, ...target], sanitized ? environment : {}));
}
