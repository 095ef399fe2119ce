import { type Call, type DiskFormat, SendenseError, throwIfAborted } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { DataFile } from '../chain/data-file.ts';
import type { Layer } from '../chain/layer.ts';
import { chainContext, statusOf } from '../chain/open-chain.ts';
import type { Run } from '../chain/run.ts';
import { openLayer } from '../open-layer.ts';
import { openDiskImageOptionsSchema } from '../options.ts';
import type { ParentPolicy } from '../parent-policy.ts';
import { probeFormat } from '../probe-format.ts';
import { checkQcow2 } from '../qcow2/check-qcow2.ts';
import { CheckLog, type CheckResult } from '../qcow2/check-result.ts';
import { deviceSize } from '../raw/device-size.ts';
import { checkParts } from './check-parts.ts';

/** How to check an image of any format. */
export type CheckDiskImageOptions = Call & {
  readonly fileSystem?: FileSystem;
  readonly format?: DiskFormat;
  /** Which extents of the image may be opened; its parents are not. */
  readonly parents?: ParentPolicy;
};

/**
 * Checks one image: QCOW2 as `checkQcow2` does; of other formats that headers and checksums are whole, that every table
 * entry leads inside the file, and that compressed data decompresses. Rejects as opening does when the header cannot be
 * read; damage behind that is in the result. Of VMDK, VHD and VHDX it also finds parts of a file that two table entries lead to,
 * and blocks between others to which none does.
 */
export async function checkDiskImage(
  path: string,
  options: CheckDiskImageOptions = {},
): Promise<CheckResult> {
  const { fileSystem = nodeFileSystem, signal, onProgress, ...plain } = options;
  const stated = await parseOptions(openDiskImageOptionsSchema, plain, 'a disk image');
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const format = stated.format ?? (await probeFormat(real, { fileSystem }));
  const call: Call = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  if (format === 'qcow2') return await checkQcow2(real, { fileSystem, ...call });
  const log = new CheckLog(real);
  const context = chainContext(fileSystem, stated.parents);
  const { layer, warnings } = await openLayer(real, format, status, context);
  await using opened = layer;
  for (const warning of warnings ?? []) log.warning('image-warning', warning);
  const isWhole = await walk(opened, log, fileSystem, call);
  if (isWhole)
    for (const tabled of opened.tabled ?? []) await checkParts(tabled, log, signal ? { signal } : {});
  return log.result();
}

/** Damage to a table leaves nothing to be said of what it maps, so the walk ends there; `false`: it did. */
async function walk(
  layer: Layer,
  log: CheckLog,
  fileSystem: FileSystem,
  { signal, onProgress }: Call,
): Promise<boolean> {
  const sizes = new Map<DataFile, number>();
  const sizeOf = async (file: DataFile) => {
    const fileBytes = sizes.get(file) ?? (await deviceSize(file.handle, file.path, fileSystem));
    sizes.set(file, fileBytes);
    return fileBytes;
  };
  const total = layer.sizeBytes;
  try {
    for (let at = 0; at < total; ) {
      throwIfAborted(signal, 'check-image');
      const run = await layer.runAt(at, total);
      await checkRun(layer, run, log, sizeOf);
      at = run.end;
      onProgress?.({ done: Math.min(at, total), total, unit: 'bytes' });
    }
    return true;
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    log.error('table-damaged', error.message);
    return false;
  }
}

async function checkRun(
  layer: Layer,
  run: Run,
  log: CheckLog,
  sizeOf: (file: DataFile) => Promise<number>,
): Promise<void> {
  if (run.kind === 'compressed') {
    await layer.decompress(run).catch((error: unknown) => {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      log.error('data-damaged', error.message);
    });
    return;
  }
  if (run.kind !== 'data') return;
  const { file = layer.data } = run;
  const fileBytes = await sizeOf(file);
  const lastUnit = run.hostOffset + Math.max(0, run.end - run.start - file.unitBytes);
  if (lastUnit < fileBytes) return;
  const message = `the disk from ${run.start} on lies at ${run.hostOffset}, and ${file.path} ends at ${fileBytes}`;
  log.error('data-outside-file', message);
}
