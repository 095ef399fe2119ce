import type { Call } from '@sendense/core';
import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { type ListOptions, listObjects, readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { flagIn, itemsOf, objectIn } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** A snapshot in the tree of its machine. */
export type VimSnapshot = {
  readonly object: ManagedObject;
  readonly name: string;
  readonly description: string;
  /** By the clock of the server; `undefined` when it tells none. */
  readonly createdAt: Date | undefined;
  /** Whether the guest was brought to rest for it. */
  readonly quiesced: boolean;
  /** The snapshot below it. */
  readonly parent: ManagedObject | undefined;
};

/** The snapshots of a machine. */
export type VimSnapshotTree = {
  /** Each after the one below it. */
  readonly snapshots: readonly VimSnapshot[];
  /** The one that the machine stands on. */
  readonly current: ManagedObject | undefined;
};

const PATHS = ['snapshot'] as const;

/** Reads the property `snapshot` of a machine, which is absent when there are none. */
export function parseSnapshotTree(info: XmlElement | undefined): VimSnapshotTree {
  const snapshots = itemsOf(info, 'rootSnapshotList').flatMap((root) => branchOf(root, undefined));
  return { snapshots, current: objectIn(info, 'currentSnapshot') };
}

/** A snapshot and those above it; how deep they lie is bounded by the depth of a reply. */
function branchOf(node: XmlElement, parent: ManagedObject | undefined): VimSnapshot[] {
  const object = objectIn(node, 'snapshot');
  if (object === undefined) return [];
  const created = new Date(childOf(node, 'createTime')?.text ?? '');
  const snapshot: VimSnapshot = {
    object,
    name: textOf(node, 'name') ?? '',
    description: textOf(node, 'description') ?? '',
    createdAt: Number.isNaN(created.getTime()) ? undefined : created,
    quiesced: flagIn(node, 'quiesced'),
    parent,
  };
  return [snapshot, ...itemsOf(node, 'childSnapshotList').flatMap((child) => branchOf(child, object))];
}

/** The snapshots of one machine. Rejects with `NOT_FOUND`. */
export async function readSnapshots(
  client: VimClient,
  machine: ManagedObject,
  call?: Call,
): Promise<VimSnapshotTree> {
  const [found] = await readProperties(client, [machine], { type: 'VirtualMachine', paths: PATHS }, call);
  return parseSnapshotTree(found?.values.get('snapshot'));
}

/** The snapshots of all machines that have any. */
export async function listSnapshots(
  client: VimClient,
  options: ListOptions = {},
): Promise<readonly (VimSnapshotTree & { readonly machine: ManagedObject })[]> {
  const type = { type: 'VirtualMachine', paths: PATHS };
  const found = await listObjects(client, client.content.rootFolder, type, options);
  return found
    .map(({ object, values }) => ({ machine: object, ...parseSnapshotTree(values.get('snapshot')) }))
    .filter(({ snapshots }) => snapshots.length > 0);
}
