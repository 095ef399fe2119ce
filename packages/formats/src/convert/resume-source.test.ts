import { createHash } from 'node:crypto';
import { openDiskImage } from '@sendense/formats';
import { createQcow2 } from '@sendense/formats/qcow2';
import { createRaw } from '@sendense/formats/raw';
import { createVmdk } from '@sendense/formats/vmdk';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { seededBytes } from '@sendense/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  digest,
  failingFileSystem,
  rawRequest as request,
  resumingConverter,
  SOURCE_BYTES as SIZE,
  sourceFileSystem,
} from '../../test/conversions.ts';

const MiB = 1024 * 1024;

let fileSystem: FileSystem;
beforeEach(async () => {
  fileSystem = await sourceFileSystem();
});

/** Another file with the same bytes. */
async function replace(path: string): Promise<void> {
  await using handle = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(await handle.size());
  await handle.read(bytes, 0);
  await fileSystem.unlink(path);
  await using other = await fileSystem.open(path, 'create');
  await other.write(bytes, 0);
}

describe('a conversion whose source is not what it was', () => {
  it('begins again, and says why, when the source has changed', async () => {
    await expect(
      resumingConverter(failingFileSystem(fileSystem, 3 * MiB)).convert(request()),
    ).rejects.toThrow('gone');
    await fileSystem.unlink('/images/source');
    {
      await using writer = await createRaw('/images/source', { fileSystem, sizeBytes: SIZE });
      await writer.write(0, seededBytes(2, SIZE));
    }
    const { findings } = await resumingConverter(fileSystem).convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('the source has changed');
    expect(await digest(fileSystem, '/images/target')).toBe(await digest(fileSystem, '/images/source'));
  });

  it('begins again when the source was replaced between its opening and the first byte', async () => {
    let isReplaced = false;
    const slow = failingFileSystem(fileSystem, 3 * MiB);
    const meddled: FileSystem = {
      ...slow,
      async stat(path) {
        if (path.startsWith('/images/target') && !isReplaced) {
          isReplaced = true;
          await fileSystem.unlink('/images/source');
          await using writer = await createRaw('/images/source', { fileSystem, sizeBytes: SIZE });
          await writer.write(0, seededBytes(2, SIZE));
        }
        return slow.stat(path);
      },
    };
    await expect(resumingConverter(meddled).convert(request())).rejects.toThrow('gone');
    expect(isReplaced).toBe(true);
    const { findings } = await resumingConverter(fileSystem).convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(await digest(fileSystem, '/images/target')).toBe(await digest(fileSystem, '/images/source'));
  });

  it('begins again when the same file is taken for another format', async () => {
    await fileSystem.unlink('/images/source');
    const size = 8 * MiB;
    {
      await using writer = await createQcow2('/images/source', { fileSystem, sizeBytes: size });
      await writer.write(0, seededBytes(1, 5 * MiB));
      await writer.flush();
    }
    {
      // Longer than its clusters, so that it is as large as its disk.
      await using handle = await fileSystem.open('/images/source', 'read-write');
      await handle.truncate(size);
    }
    await expect(
      resumingConverter(failingFileSystem(fileSystem, 3 * MiB)).convert(request()),
    ).rejects.toThrow('gone');
    const { source, ...rest } = request();
    const { findings } = await resumingConverter(fileSystem).convert({
      ...rest,
      source: { path: source.path },
    });
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    await using image = await openDiskImage('/images/source', { fileSystem, format: 'qcow2' });
    const disk = new Uint8Array(size);
    await image.read(0, disk);
    expect(await digest(fileSystem, '/images/target')).toBe(createHash('sha256').update(disk).digest('hex'));
  });

  it('begins again when only the descriptor of its source was replaced', async () => {
    const path = '/images/disk.vmdk';
    {
      await using writer = await createVmdk(path, {
        fileSystem,
        sizeBytes: SIZE,
        subformat: 'monolithicFlat',
      });
      await writer.write(0, seededBytes(1, SIZE));
      await writer.flush();
    }
    const source = { path };
    const parents = { folders: ['/images'] };
    const broken = resumingConverter(failingFileSystem(fileSystem, 3 * MiB), { parents });
    await expect(broken.convert({ ...request(), source })).rejects.toThrow('gone');
    await replace(path);
    const { findings } = await resumingConverter(fileSystem, { parents }).convert({ ...request(), source });
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
  });

  it('begins again from a block device, which may have changed without a trace', async () => {
    const withDevice = (files: FileSystem): FileSystem => ({
      ...files,
      async stat(path) {
        const found = await files.stat(path);
        return found && path === '/images/source' ? { ...found, kind: 'device' } : found;
      },
    });
    const broken = resumingConverter(withDevice(failingFileSystem(fileSystem, 3.5 * MiB)));
    await expect(broken.convert(request())).rejects.toThrow('gone');
    const { findings } = await resumingConverter(withDevice(fileSystem)).convert(request());
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('block device');
  });
});
