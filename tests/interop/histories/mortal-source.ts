import type { BlockReader, Capture, SourceConnector } from '@sendense/core';
import type { CrashingFileSystem } from '@sendense/testkit';

/**
 * The source of a process that dies with its file system: before a call, or after it without hearing the answer. What it
 * made on the platform then stays as it is, because nobody disposes of anything; only its connections end.
 *
 * @param zombies - takes the source of a process that died.
 */
export function mortalSource(
  source: SourceConnector,
  fileSystem: CrashingFileSystem,
  momentPath: string,
  zombies: AsyncDisposable[],
): SourceConnector {
  // Counts as a change of a file and does no harm: the moments of the source are numbered among the others.
  const moment = () => fileSystem.makeDirectory(momentPath);
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    await moment();
    const result = await work();
    await moment();
    return result;
  };
  const readers: BlockReader[] = [];
  const mortal = (capture: Capture): Capture => ({
    instant: capture.instant,
    consistency: capture.consistency,
    spec: capture.spec,
    disks: capture.disks,
    skipped: capture.skipped,
    artifacts: capture.artifacts,
    findings: capture.findings,
    ...(capture.otherBaselines === undefined ? {} : { otherBaselines: capture.otherBaselines }),
    seal: (call) => step(() => capture.seal(call)),
    commit: (call) => step(() => capture.commit(call)),
    async [Symbol.asyncDispose]() {
      if (!fileSystem.dead) await capture[Symbol.asyncDispose]();
    },
  });
  return {
    specificationVersion: source.specificationVersion,
    platform: source.platform,
    capabilities: source.capabilities,
    machines: (filter, call) => source.machines(filter, call),
    describe: (machine, call) => source.describe(machine, call),
    plan: (request, call) => source.plan(request, call),
    async capture(request, call) {
      await moment();
      const capture = await source.capture(request, call);
      readers.push(...capture.disks.map(({ reader }) => reader));
      await moment();
      return mortal(capture);
    },
    retire: (states, call) => step(() => source.retire(states, call)),
    reconcile: (keep, call) => step(() => source.reconcile(keep, call)),
    async [Symbol.asyncDispose]() {
      if (!fileSystem.dead) {
        await source[Symbol.asyncDispose]();
        return;
      }
      for (const reader of readers) await reader[Symbol.asyncDispose]();
      zombies.push(source);
    },
  };
}
