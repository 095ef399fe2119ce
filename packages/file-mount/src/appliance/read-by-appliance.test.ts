import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenVolume } from '@sendense/file-restore';
import { Closer } from '@sendense/plugin-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { standIn } from '../../test/support/stand-in.ts';
import { readByAppliance } from './read-by-appliance.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-appliance-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function volumesOf(count: number): readonly OpenVolume[] {
  return Array.from({ length: count }, (_, index) => ({
    volume: {
      id: `volume ${index}`,
      kind: 'partition',
      sizeBytes: 512,
      label: '',
      fileSystem: 'squashfs',
      access: null,
      fileSystemLabel: '',
    },
    reader: undefined,
    source: { sizeBytes: 512, read: () => Promise.resolve() },
    isDamaged: false,
    choice: { reason: '', missing: [] },
  }));
}

/** Why each of the volumes is not read, where every machine refuses to start; and how many were tried. */
async function tryAll(count: number, directory: string) {
  await standIn(join(folder, 'bin'), 'guestmount', [
    `echo started >> '${folder}/starts'`,
    'echo no kernel >&2',
    'exit 1',
  ]);
  await using closer = new Closer();
  const offers = await readByAppliance(closer, 'point', volumesOf(count), directory);
  const starts = await readFile(join(folder, 'starts'), 'utf8').catch(() => '');
  return { whys: [...offers.values()].map(({ why }) => why), starts: starts.split('\n').length - 1 };
}

describe.skipIf(process.platform !== 'linux')('volumes that ask for a virtual machine', () => {
  it('have eight together, and the others are told why they have none', async () => {
    const { whys, starts } = await tryAll(100, join(folder, 'mounts'));
    expect(starts).toBe(8);
    expect(whys).toHaveLength(100);
    expect(whys.filter((why) => why?.includes('no kernel'))).toHaveLength(8);
    expect(whys.filter((why) => why?.includes('8 virtual machines at most'))).toHaveLength(92);
  });

  it('are told why there is no place for one, and nothing else of the point is lost by it', async () => {
    const { whys, starts } = await tryAll(2, join(folder, 'm'.repeat(100)));
    expect(starts).toBe(0);
    expect(whys).toHaveLength(2);
    for (const why of whys) expect(why).toContain('too long for a socket');
  });
});
