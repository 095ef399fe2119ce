import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PointId } from '@sendense/core';
import { type LocalRepository, openLocalRepository } from '@sendense/repository-local';
import type { Cut } from './cuts.ts';
import { type Chapter, contentDigest, type Holdings, Story } from './story.ts';

const run = promisify(execFile);

/** A step of the recorded story, and the log position at which it was acknowledged. */
export type RecordedChapter = Chapter & {
  readonly position: number;
  /** How many syncs there were by then. */
  readonly syncs: number;
};

/** What must be, and what may be, in the repository when the power fails at `cut`. */
function expectation(
  chapters: readonly RecordedChapter[],
  cut: Cut,
): { must: Holdings; may: Holdings } | undefined {
  const next = chapters.findIndex(({ position }) => position > cut.logOffset);
  const before = chapters[(next < 0 ? chapters.length : next) - 1]?.holdings;
  const after = next < 0 ? before : chapters[next]?.holdings;
  if (before === undefined) return undefined;
  const kept = Object.entries(before).filter(([name]) => after?.[name] !== undefined);
  return { must: Object.fromEntries(kept), may: { ...before, ...after } };
}

async function readDigest(repository: LocalRepository, id: PointId): Promise<string> {
  await using point = await repository.open(id);
  const disk = point.disks[0];
  if (disk === undefined) throw new Error(`point ${id} has no disk`);
  const content = Buffer.alloc(disk.sizeBytes);
  const { maxBytes } = disk.reader.limits;
  for (let offset = 0; offset < content.length; offset += maxBytes)
    await disk.reader.read(offset, content.subarray(offset, offset + maxBytes));
  return contentDigest(content);
}

/**
 * What is wrong with the repository in `folder` after the power failed at `cut`: nothing, or sentences. Every
 * acknowledged point is bit-equal, `qemu-img check` is clean, verify finds nothing, the next backup succeeds.
 */
export async function findDamage(
  folder: string,
  chapters: readonly RecordedChapter[],
  cut: Cut,
): Promise<string[]> {
  const expected = expectation(chapters, cut);
  if (expected === undefined) return [];
  const damage: string[] = [];
  try {
    await using repository = await openLocalRepository({ path: folder, lockTimeoutMs: 1000 });
    const found = new Set<string>();
    let newest = 0;
    for await (const point of repository.points()) {
      found.add(point.id);
      newest = Math.max(newest, point.sequence);
      const digest = await readDigest(repository, point.id);
      if (digest !== expected.may[point.id])
        damage.push(`point ${point.id} has other bytes than were acknowledged`);
      const path = point.disks[0]?.path;
      if (path !== undefined) await run('qemu-img', ['check', '-q', path]);
    }
    for (const name of Object.keys(expected.must)) if (!found.has(name)) damage.push(`point ${name} is lost`);
    for await (const finding of repository.verify({ depth: 'data' }))
      if (finding.severity === 'error') damage.push(`verify: ${finding.message}`);
    await new Story(repository, 99, newest).backup('after', null);
  } catch (error) {
    damage.push(`the repository in ${join('<cut>', folder)} is not usable: ${String(error)}`);
  }
  return damage;
}
