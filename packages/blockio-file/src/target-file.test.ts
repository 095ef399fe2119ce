import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { createPageBuffers } from './page-buffers.ts';
import { TargetFile } from './target-file.ts';

const KIB = 1024;

/** A handle that notes its writes as `name position+length` and fails them where an errno is given. */
function noted(name: string, steps: string[], errno?: string): FileHandle {
  return {
    read: async () => 0,
    async write({ byteLength }, position) {
      steps.push(`${name} ${position / KIB}+${byteLength / KIB}`);
      if (errno === undefined) return;
      throw new SendenseError('UNEXPECTED', 'failed', { operation: 'write-file', context: { errno } });
    },
    truncate: async () => undefined,
    sync: async () => undefined,
    size: async () => 0,
    async [Symbol.asyncDispose]() {
      steps.push(`close ${name}`);
    },
  };
}

function openTarget(
  steps: string[],
  {
    errno,
    kind = 'file',
    pastCache = true,
  }: { errno?: string; kind?: 'file' | 'device'; pastCache?: boolean } = {},
): Promise<TargetFile> {
  const handle = { ...noted('cached', steps), openPastCache: async () => noted('direct', steps, errno) };
  return TargetFile.open({ handle, endpoint: { kind, path: '/a' }, sizeBytes: 0, identity: '' }, pastCache);
}

describe('TargetFile', () => {
  const [buffer = new Uint8Array()] = createPageBuffers(1, 512 * KIB);

  it('writes past the page cache what is large and on the grid, and the rest through it', async () => {
    const steps: string[] = [];
    {
      await using target = await openTarget(steps);
      await target.write(buffer.subarray(0, 128 * KIB), 4 * KIB);
      await target.write(buffer.subarray(0, 124 * KIB), 4 * KIB);
      await target.write(buffer.subarray(0, 128 * KIB), 6 * KIB);
      await target.write(buffer.subarray(2 * KIB, 130 * KIB), 4 * KIB);
      await target.write(buffer.subarray(4 * KIB, 134 * KIB), 4 * KIB);
    }
    expect(steps).toEqual([
      'direct 4+128',
      'cached 4+124',
      'cached 6+128',
      'cached 4+128',
      'cached 4+130',
      'close direct',
    ]);
  });

  it('goes through the cache from the first EINVAL on, and loses no byte', async () => {
    const steps: string[] = [];
    await using target = await openTarget(steps, { errno: 'EINVAL' });
    await target.write(buffer, 0);
    await target.write(buffer, 512 * KIB);
    expect(steps).toEqual(['direct 0+512', 'cached 0+512', 'cached 512+512']);
  });

  it('hides no other failure', async () => {
    const steps: string[] = [];
    await using target = await openTarget(steps, { errno: 'ENOSPC' });
    await expect(target.write(buffer, 0)).rejects.toMatchObject({ context: { errno: 'ENOSPC' } });
    expect(steps).toEqual(['direct 0+512']);
  });

  it.each([{ kind: 'device' }, { pastCache: false }] as const)('does not try with %o', async (options) => {
    const steps: string[] = [];
    await using target = await openTarget(steps, options);
    await target.write(buffer, 0);
    expect(steps).toEqual(['cached 0+512']);
  });
});
