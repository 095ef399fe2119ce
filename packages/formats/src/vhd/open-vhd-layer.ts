import type { FileHandle } from '@sendense/plugin-kit/files';
import type { ChainContext, OpenedLayer } from '../chain/open-chain.ts';
import { nameImage } from '../qcow2/in-image.ts';
import { findExtents } from '../raw/open-raw-layer.ts';
import { EPOCH_SECONDS } from './constants.ts';
import type { ParentTimes } from './parent-times.ts';
import { readHead, type VhdHead } from './read-head.ts';
import { VhdFixedLayer, VhdLayer } from './vhd-layer.ts';

/** Opens one VHD as a layer, without its parent. */
export async function openVhdLayer(
  path: string,
  context: ChainContext,
): Promise<OpenedLayer & { readonly head: VhdHead }> {
  const handle = await context.fileSystem.open(path, 'read');
  try {
    const head = await readHead(handle);
    return {
      head,
      layer: await layerOf(path, handle, head, context),
      identity: head.footer.uniqueId,
      warnings: head.warnings.map(({ message }) => message),
      ...parentOf(head),
    };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw nameImage(error, path);
  }
}

async function layerOf(path: string, handle: FileHandle, head: VhdHead, context: ChainContext) {
  const times = await timesOf(path, head, context);
  const { header, sizeBytes } = head;
  if (header !== undefined)
    return new VhdLayer({ path, handle, head: { ...head, header }, cache: context.cache, times });
  const known = await findExtents({ kind: 'file', path }, await handle.size(), context.drivers);
  return new VhdFixedLayer({ path, handle, sizeBytes, times, ...(known && { known }) });
}

async function timesOf(path: string, head: VhdHead, { fileSystem }: ChainContext): Promise<ParentTimes> {
  const { footer, header } = head;
  const modifiedMs = (await fileSystem.stat(path))?.modifiedMs ?? 0;
  const own = [footer.timestamp, modifiedMs / 1000 - EPOCH_SECONDS];
  return footer.type === 'differencing' && header !== undefined
    ? { own, parent: header.parentTimestamp }
    : { own };
}

/** The parent of a differencing disk is a VHD; what it is bound to is the unique id in the footer of that. */
function parentOf({ header, parentNames }: VhdHead): Pick<OpenedLayer, 'parent'> {
  if (header === undefined || parentNames === undefined) return {};
  return { parent: { names: parentNames, format: 'vhd', identity: header.parentId } };
}
