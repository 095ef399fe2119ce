import { type Call, SendenseError } from '@sendense/core';
import { childOf, childrenOf, parseXml } from '@sendense/platform-kvm/domain';
import { parseBitmapName } from '@sendense/plugin-kit/baselines';
import { checkpointXml } from './backup-xml.ts';
import type { DomainSession } from './domain-session.ts';

/** Bytes that changed since the checkpoint, by target; a disk whose bitmap is missing or broken is not in it. */
export type CheckpointSizes = ReadonlyMap<string, number>;

/** The names of the checkpoints of ours that libvirt knows. */
export async function listCheckpoints(session: DomainSession, call?: Call): Promise<readonly string[]> {
  const names = (await session.run('checkpoint-list', ['--name'], call)).split('\n');
  return names.map((name) => name.trim()).filter((name) => parseBitmapName(name) !== undefined);
}

/** Tells libvirt again of a checkpoint that it forgot, or knows with other disks. Its bitmaps are not touched. */
export async function redefineCheckpoint(
  session: DomainSession,
  name: string,
  targets: readonly string[],
  call?: Call,
): Promise<void> {
  const disks = targets.map((target) => ({ target, bitmap: true }));
  const document = checkpointXml(name, disks, parseBitmapName(name)?.at ?? new Date(0));
  await session.withFiles([document], async ([path = '']) => {
    await session.run('checkpoint-create', [path, '--redefine'], call);
  });
}

async function readSizes(
  session: DomainSession,
  name: string,
  call?: Call,
): Promise<CheckpointSizes | undefined> {
  const xml = await session.find('checkpoint-dumpxml', [name, '--no-domain', '--size'], call);
  if (xml === undefined) return undefined;
  const disks = childrenOf(childOf(parseXml(xml), 'disks'), 'disk');
  const sizes = disks.flatMap(({ attributes }): [string, number][] => {
    const [target, size] = [attributes.get('name'), Number(attributes.get('size') ?? Number.NaN)];
    return target === undefined || !Number.isSafeInteger(size) ? [] : [[target, size]];
  });
  return new Map(sizes);
}

/**
 * What the checkpoint has recorded, for each disk whose bitmap holds: it is there, recording and consistent, as far
 * down as libvirt took snapshots of the disk. Libvirt forgets the checkpoints of a domain that was created anew; it is
 * told again, of those disks alone.
 */
export async function inspectCheckpoint(
  session: DomainSession,
  name: string,
  targets: readonly string[],
  call?: Call,
): Promise<CheckpointSizes> {
  const known = await readSizes(session, name, call);
  if (known !== undefined) return known;
  if (targets.length === 0) return new Map();
  await redefineCheckpoint(session, name, targets, call);
  const sizes = (await readSizes(session, name, call)) ?? new Map();
  const holding = targets.filter((target) => sizes.has(target));
  if (holding.length === 0) await forgetCheckpoint(session, name, call);
  else if (holding.length < targets.length) await redefineCheckpoint(session, name, holding, call);
  return sizes;
}

/** Lets libvirt forget a checkpoint; its bitmaps stay. */
export async function forgetCheckpoint(session: DomainSession, name: string, call?: Call): Promise<void> {
  await session.find('checkpoint-delete', [name, '--metadata'], call);
}

/** The disk that libvirt could not find a bitmap of. Nothing of the checkpoint is deleted then. */
function diskWithout(error: unknown): string | undefined {
  if (!SendenseError.is(error)) return undefined;
  return /bitmap '[^']*' not found in backing chain of '([^']+)'/.exec(error.message)?.[1];
}

/**
 * Deletes a checkpoint with its bitmaps, broken ones too, from those of `targets` that have one. Gone already is no
 * failure. Tells whether there was anything.
 */
export async function deleteCheckpoint(
  session: DomainSession,
  name: string,
  targets: readonly string[],
  call?: Call,
): Promise<boolean> {
  if ((await session.find('checkpoint-dumpxml', [name, '--no-domain'], call)) === undefined) {
    if (targets.length === 0) return false;
    await redefineCheckpoint(session, name, targets, call);
  }
  const left = new Set(targets);
  for (;;) {
    try {
      await session.run('checkpoint-delete', [name], call);
      return true;
    } catch (error) {
      const without = diskWithout(error);
      if (without === undefined) throw error;
      left.delete(without);
    }
    if (left.size === 0) {
      await forgetCheckpoint(session, name, call);
      return false;
    }
    await redefineCheckpoint(session, name, [...left], call);
  }
}
