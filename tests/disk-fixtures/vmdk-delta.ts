import type { DiskContent } from '@sendense/testkit';
import type { DiskFixture } from './disk-fixture.ts';
import { composed, type LayerPlan } from './layer-plan.ts';
import { StructureBytes } from './structure-bytes.ts';
import { vmdkDescriptorText, writeDescriptor } from './vmdk-descriptor.ts';

const SECTOR = 512;
const PARENT_CID = '0badcafe';

/** How to write a snapshot of ESXi on top of a flat disk. */
export type EsxDeltaOptions = {
  /** COWD: pieces of 512 bytes to 1 MiB; SESparse: pieces of 4096 bytes. */
  readonly plan: LayerPlan;
  readonly parent: DiskContent;
};

/** The files of a delta: its descriptor and its extent, over a `vmfs` disk with a flat extent. */
export function vmdkDelta(made: {
  readonly name: string;
  readonly createType: string;
  readonly type: string;
  readonly extent: StructureBytes;
  readonly plan: LayerPlan;
  readonly parent: DiskContent;
}): DiskFixture {
  const { name, createType, type, extent, plan, parent } = made;
  const image = 'disk-000001.vmdk';
  const descriptor = new StructureBytes(image, 'little');
  writeDescriptor(descriptor, 0, {
    createType,
    extents: [`RW ${plan.sizeBytes / SECTOR} ${type} "${extent.file}"`],
    cid: 'c0ffee01',
    parent: { cid: PARENT_CID, name: 'disk.vmdk' },
  });
  const base = vmdkDescriptorText({
    createType: 'vmfs',
    extents: [`RW ${parent.sizeBytes / SECTOR} VMFS "disk-flat.vmdk"`],
    cid: PARENT_CID,
  });
  return {
    name,
    format: 'vmdk',
    image,
    files: new Map([
      [image, descriptor.bytes()],
      [extent.file, extent.bytes()],
      ['disk.vmdk', new TextEncoder().encode(base)],
      ['disk-flat.vmdk', parent.bytes()],
    ]),
    content: composed(plan, parent),
    fields: [...descriptor.fields, ...extent.fields],
    seals: [],
  };
}
