import { type Call, type Finding, SendenseError } from '@sendense/core';
import { type ImageContext, type ImageFile, removeBaselines } from '@sendense/platform-image';
import type { Domain } from '@sendense/platform-kvm/domain';
import { type BitmapName, parseBitmapName } from '@sendense/plugin-kit/baselines';
import type { Removal } from '../host/machine-host.ts';
import { notRemoved } from '../host/not-removed.ts';
import { forgetCheckpoint, listCheckpoints } from './checkpoints.ts';
import type { DomainSession } from './domain-session.ts';
import { openResting, restingFile } from './resting-disk.ts';

/** An image with the bitmaps of ours that it holds. */
type Holder = { readonly file: ImageFile; readonly names: readonly string[] };

/** The images of the domain, backing files too, that hold bitmaps of ours. One that cannot be opened is a finding. */
async function holdersOf(
  images: ImageContext,
  domain: Domain,
): Promise<{ readonly holders: readonly Holder[]; readonly findings: readonly Finding[] }> {
  const holders: Holder[] = [];
  const findings: Finding[] = [];
  for (const disk of domain.disks) {
    const file = restingFile(disk);
    if (file?.format !== 'qcow2') continue;
    try {
      await using resting = await openResting(images, file);
      for (const [path, names] of resting.chain.ours) {
        if (names.length > 0) holders.push({ file: { ...file, path }, names });
      }
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) continue; // the image is gone with its bitmaps
      findings.push(notRemoved(`what there may be of ours in ${file.path}`, error));
    }
  }
  return { holders, findings };
}

/**
 * Removes bitmaps of ours from the images of a domain that is off. libvirt forgets their checkpoints first: whoever is
 * killed between leaves a bitmap, which is found again, and never a checkpoint without its bitmap.
 */
export async function removeRestingBitmaps(
  session: DomainSession,
  images: ImageContext,
  { domain, unwanted }: { readonly domain: Domain; readonly unwanted: (made: BitmapName) => boolean },
  call?: Call,
): Promise<Removal> {
  const found = await holdersOf(images, domain);
  const findings = [...found.findings];
  const picked = (name: string) => {
    const made = parseBitmapName(name);
    return made !== undefined && unwanted(made);
  };
  const removed = new Set<string>();
  const tell = (name: string) => removed.add(`checkpoint ${name} of ${domain.name}`);
  for (const name of (await listCheckpoints(session, call)).filter(picked)) {
    await forgetCheckpoint(session, name, call);
    tell(name);
  }
  for (const { file, names } of found.holders) {
    if (!names.some(picked)) continue;
    try {
      for (const name of await removeBaselines(images, file, picked)) tell(name);
    } catch (error) {
      findings.push(notRemoved(`bitmaps of ours in ${file.path}`, error));
    }
  }
  return { removed: [...removed], findings };
}
