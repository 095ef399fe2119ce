import { join } from 'node:path';
import type { BrowseSession } from '@sendense/file-restore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browseByWays } from './browse-by-ways.ts';
import { type Facts, factsBrowsed } from './facts.ts';
import { differences, type Keeps, makeLargeFolder, makeSparse, WRITTEN, writtenIn } from './large-folder.ts';
import { Scene } from './scene.ts';

/** A test that takes longer than this has become too slow to be run. */
const TIMEOUT_MS = 120_000;
/** The ways that are compared. */
export type Way = 'in-process' | 'mounted';

/** How a file system is made and filled on this machine, and what it holds. */
export type LargeDisk = {
  readonly size: string;
  readonly files: number;
  readonly keeps: Keeps;
  /** It also has a sparse file of 5 GiB. */
  readonly hasHoles: boolean;
  readonly make: (disk: string) => void;
  readonly fill: (scene: Scene, disk: string, fill: (mount: string) => Promise<void>) => Promise<void>;
  /** All files of a folder as a way gives them; as it lists and reads them, unless told otherwise. */
  readonly look?: (scene: Scene, session: BrowseSession, way: Way) => Promise<Map<string, Facts>>;
};

/** Tests of all files of a large folder, and of a large file, by each way. */
export function testLargeDisk({ size, files, keeps, hasHoles, make, fill, look }: LargeDisk): void {
  let scene: Scene;
  let disk = '';
  let made = new Map<string, Facts>();

  beforeAll(async () => {
    scene = await Scene.open();
    disk = scene.blank('disk.raw', size);
    make(disk);
    await fill(scene, disk, async (mount) => {
      if (hasHoles) await makeSparse(join(mount, 'sparse'));
      made = makeLargeFolder(join(mount, 'many'), files, keeps);
    });
  }, TIMEOUT_MS);
  afterAll(() => scene[Symbol.asyncDispose]());

  describe.each(['in-process', 'mounted'] as const)('browsed %s', (way) => {
    /** A session by this way and no other. */
    async function browse(): Promise<BrowseSession> {
      const { directory } = scene;
      const session = await browseByWays({ directory, trustImage: true, ways: [way] }, disk);
      expect(session.ways).toMatchObject([{ way }]);
      return session;
    }

    it(
      `gives all of ${files} files of one folder: names, modes, owners, times, bytes`,
      async () => {
        await using session = await browse();
        const seen = await (look?.(scene, session, way) ?? factsBrowsed(session, '/many'));
        expect(seen.size).toBe(files);
        expect(differences(made, seen)).toEqual([]);
      },
      TIMEOUT_MS,
    );

    if (!hasHoles) return;
    it(
      'gives all bytes of a sparse file of 5 GiB',
      async () => {
        await using session = await browse();
        expect(await writtenIn(session, '/sparse')).toEqual(WRITTEN);
      },
      TIMEOUT_MS,
    );
  });
}
