import { type DiskFormat, SendenseError } from '@sendense/core';
import type { FileStatus } from '@sendense/plugin-kit/files';
import type { ChainContext, OpenedLayer } from './chain/open-chain.ts';
import { probeFormat } from './probe-format.ts';
import { openQcow2Layer } from './qcow2/open-qcow2-layer.ts';
import { openRawLayer } from './raw/open-raw-layer.ts';
import { openVhdLayer } from './vhd/open-vhd-layer.ts';
import { openVhdxLayer } from './vhdx/open-vhdx-layer.ts';
import { openVmdkLayer } from './vmdk/open-vmdk-layer.ts';

type FormatOpener = (path: string, context: ChainContext) => Promise<OpenedLayer>;

/** By format: how one file of a chain is opened. */
const OPENERS: ReadonlyMap<string, FormatOpener> = new Map<DiskFormat | 'vpc', FormatOpener>([
  ['raw', openRawLayer],
  ['qcow2', openQcow2Layer],
  ['vhd', openVhdLayer],
  ['vhdx', openVhdxLayer],
  // what QEMU calls it
  ['vpc', openVhdLayer],
  ['vmdk', openVmdkLayer],
]);

/** Opens a parent as the format that its child states; see {@link probedParent} for a child that states none. */
export async function openLayer(
  path: string,
  format: string | undefined,
  status: FileStatus,
  context: ChainContext,
): Promise<OpenedLayer> {
  if (format === undefined) return probedParent(path, status, context);
  const open = OPENERS.get(format);
  if (open !== undefined) return open(path, context);
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    `backing files of format ${JSON.stringify(format)} are not supported`,
    {
      operation: 'open-image',
      remedy: 'convert the backing file to a format that is read: qcow2, raw, vmdk, vhd or vhdx',
    },
  );
}

/**
 * A guest can write the header of another format into a raw disk. So a parent whose format is only guessed may be read,
 * but never leads to a further file.
 */
async function probedParent(path: string, status: FileStatus, context: ChainContext): Promise<OpenedLayer> {
  const format = await probeFormat(path, { fileSystem: context.fileSystem });
  const opened = await openLayer(path, format, status, { ...context, parents: 'none' });
  if (opened.parent === undefined) return opened;
  await opened.layer[Symbol.asyncDispose]();
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    `${path} has a backing file, but its child does not state its format`,
    {
      operation: 'open-image',
      remedy: 'state the format of each backing file with "qemu-img rebase -u -F qcow2 -b FILE IMAGE"',
      context: { path },
    },
  );
}
