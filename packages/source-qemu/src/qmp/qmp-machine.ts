import { basename } from 'node:path';
import { type Call, type DiskId, diskId, type MachineSpec, type SkippedDisk, uuidV5 } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import type { HostBitmap, HostDisk, HostMachine } from '../host/machine-host.ts';
import { BlockTree } from './block-tree.ts';
import { isOurNode } from './object-names.ts';
import {
  type BlockDevice,
  type BlockNode,
  type MachineFacts,
  queryDevices,
  queryFacts,
  queryGraph,
  queryNodes,
} from './queries.ts';

/** The connection of machines reached by their own monitor. */
export const CONNECTION = 'qemu';

/** Namespace of machines without a UUID; constant for ever, or their identities would change. */
const NAMELESS = '9c4f1c38-6a8e-4f0c-9a55-2f5c0b7f51d1';
const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** What the options say of the machine. */
export type MachineOptions = {
  readonly socket: string;
  readonly machineId: string | undefined;
  readonly name: string | undefined;
};

type Found = {
  readonly id: DiskId;
  readonly label: string;
  readonly node: BlockNode;
  readonly bus: 'virtio' | 'unknown';
};

/** The id that the user gave the device (`-device …,id=vda`), or the drive; `undefined` for neither. */
function givenName({ device, qdev = '' }: BlockDevice): string | undefined {
  const [, id] = /^\/machine\/peripheral\/([^/]+)/.exec(qdev) ?? [];
  return id ?? (device === '' ? undefined : device);
}

function isFlash({ qdev = '', device }: BlockDevice): boolean {
  return /\/system\.flash\d+$/.test(qdev) || /^pflash\d+$/.test(device);
}

/** Why a device is never captured; `undefined` for a disk. */
function whySkipped(device: BlockDevice): string | undefined {
  if (isFlash(device)) return 'firmware flash';
  if (device.inserted === undefined) return 'empty';
  if (device.removable) return 'removable medium';
  return undefined;
}

function labelOf(node: BlockNode): string {
  return (basename(node.image.filename) || node['node-name']).slice(0, 1024);
}

/** The disks of the guest's devices, and what is no disk. */
function attachedDisks(tree: BlockTree, devices: readonly BlockDevice[]) {
  const found: Found[] = [];
  const skipped: SkippedDisk[] = [];
  for (const device of devices) {
    const top = device.inserted?.['node-name'];
    const node = top === undefined ? undefined : tree.below(top);
    const id = diskId((givenName(device) ?? device.qdev ?? top ?? 'unnamed').slice(0, 256));
    const reason = whySkipped(device) ?? (node === undefined ? 'its block node is unknown' : undefined);
    if (reason !== undefined || node === undefined) skipped.push({ id, reason: reason ?? 'unknown' });
    else {
      const bus = device.qdev?.endsWith('/virtio-backend') === true ? 'virtio' : 'unknown';
      found.push({ id, label: labelOf(node), node, bus });
    }
  }
  return { found, skipped };
}

/** The disks of a QEMU without devices (`-machine none`): the nodes that are part of no other, as they were added. */
function looseDisks(tree: BlockTree): readonly Found[] {
  const roots = tree.roots(isOurNode).toReversed(); // QEMU lists the newest first
  return roots.map((node) => {
    const name = node['node-name'];
    const given = name.startsWith('#block') ? node.image.filename : name;
    return { id: diskId(given.slice(0, 256)), label: labelOf(node), node, bus: 'unknown' };
  });
}

function bitmapsOf(node: BlockNode): readonly HostBitmap[] {
  return node['dirty-bitmaps'].flatMap(({ name, granularity, recording, inconsistent, count }) =>
    name === undefined
      ? []
      : [{ name, granularityBytes: granularity, recording, consistent: !inconsistent, dirtyBytes: count }],
  );
}

function whyUntracked(node: BlockNode): string | undefined {
  if (node.drv !== 'qcow2') return `a ${node.drv} disk cannot keep a record of changes; QCOW2 can`;
  return node.ro ? 'the disk is read-only' : undefined;
}

function hostDisk(tree: BlockTree, { id, label, node, bus }: Found, unit: number): HostDisk {
  return {
    id,
    label,
    slot: { bus, controller: 0, unit, ...(unit === 0 ? { bootOrder: 1 } : {}) },
    sizeBytes: node.image['virtual-size'],
    sectorBytes: 512, // it does not show in the block layer
    readOnly: node.ro,
    target: node['node-name'],
    format: node.drv,
    images: tree.chain(node).map(({ image }) => image.filename),
    followsSnapshots: false,
    bitmaps: bitmapsOf(node),
    untracked: whyUntracked(node),
  };
}

function specOf(name: string, facts: MachineFacts, disks: readonly HostDisk[], uefi: boolean): MachineSpec {
  const { target, memoryBytes, cpus } = facts;
  return {
    schema: 1,
    name,
    platform: 'qemu',
    firmware: uefi ? 'uefi' : 'unknown',
    architecture: target === 'x86_64' || target === 'aarch64' ? target : 'unknown',
    ...(cpus === 0 ? {} : { cpu: { sockets: 1, coresPerSocket: cpus, threadsPerCore: 1 } }),
    ...(memoryBytes === 0 ? {} : { memoryBytes }),
    disks: disks.map(({ id, label, slot, sizeBytes, sectorBytes, readOnly }) => ({
      id,
      label,
      slot,
      sizeBytes,
      sectorBytes,
      ...(readOnly ? { readOnly } : {}),
    })),
    nics: [],
  };
}

/** Asks QEMU for the machine as it is now. */
export async function readMachine(
  qmp: QmpClient,
  options: MachineOptions,
  call?: Call,
): Promise<HostMachine> {
  const facts = await queryFacts(qmp, call);
  const tree = new BlockTree(await queryNodes(qmp, call), await queryGraph(qmp, call));
  const devices = await queryDevices(qmp, call);
  const attached = devices.filter(({ qdev }) => qdev !== undefined);
  const loose = attached.some(({ inserted }) => inserted !== undefined) ? [] : looseDisks(tree);
  const { found, skipped } = attachedDisks(tree, attached);
  const disks = [...found, ...loose].map((disk, unit) => hostDisk(tree, disk, unit));
  const name = (options.name ?? facts.name ?? basename(options.socket)).slice(0, 1024);
  const id =
    options.machineId ??
    (facts.uuid === NO_UUID ? uuidV5(NAMELESS, facts.name ?? options.socket) : facts.uuid);
  return {
    machine: { connection: CONNECTION, id },
    power: 'on',
    spec: specOf(name, facts, disks, attached.some(isFlash)),
    disks,
    skipped,
    findings: [],
  };
}
