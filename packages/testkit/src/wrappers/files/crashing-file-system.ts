import type { FileSystem } from '@sendense/plugin-kit/files';
import { describeOperation, isChange } from './file-operation.ts';
import { interceptFileSystem } from './intercept-file-system.ts';

/** What every operation rejects with once the process is dead. No product code may catch it and go on. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** Where the process dies. */
export type CrashOptions = {
  /** Number (from 1) of the changing operation that no longer happens; see `countingFileSystem`. */
  readonly cutAt: number;
  /** When that operation is a write: how many of its bytes still land. Default 0. */
  readonly tornBytes?: number;
};

/** A file system below a process that can die. */
export interface CrashingFileSystem extends FileSystem {
  /** Whether the cut has come. */
  readonly dead: boolean;
}

/**
 * A file system that is cut: changing operation number `cutAt` and everything after it, reading too, fails as if the
 * process were dead. Only closing still works, so that no descriptor leaks from a test.
 */
export function crashingFileSystem(
  inner: FileSystem,
  { cutAt, tornBytes = 0 }: CrashOptions,
): CrashingFileSystem {
  let changes = 0;
  let dead = false;
  const outer = interceptFileSystem(inner, async ({ operation, run, runTorn }) => {
    if (operation.kind === 'close') return await run();
    if (!dead && isChange(operation)) {
      changes += 1;
      if (changes === cutAt) {
        dead = true;
        if (operation.kind === 'write' && tornBytes > 0) {
          await runTorn(Math.min(tornBytes, operation.length ?? 0));
        }
      }
    }
    if (dead) throw new ProcessDied(`the process died before ${describeOperation(operation)}`);
    return await run();
  });
  return {
    ...outer,
    get dead() {
      return dead;
    },
  };
}
