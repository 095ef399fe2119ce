import { readFile } from 'node:fs/promises';
import { SendenseError } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import { BACKUP_RIGHTS, TRACKING } from './backup-rights.ts';
import { Guest, round } from './guest.ts';
import { hostAddresses, useBench } from './vcenter-bench.ts';

const GUIDE = new URL('../../../docs/guides/vmware.md', import.meta.url);
const BY_FILES = ['Datastore.Browse', 'Datastore.FileManagement'];
const BY_LEASE = ['VApp.Export'];

const WAYS = [
  { transport: 'datastore', rights: [...BACKUP_RIGHTS, ...BY_FILES] },
  { transport: 'host', rights: BACKUP_RIGHTS },
  { transport: 'lease', rights: [...BACKUP_RIGHTS, ...BY_LEASE] },
] as const;

const EACH = WAYS.flatMap(({ transport, rights }) => rights.map((right) => ({ transport, rights, right })));

type Way = Pick<(typeof WAYS)[number], 'transport'>;

/** Rights that the guide gives to backups; every user of vCenter has the others of its table. */
async function rightsOfGuide(): Promise<readonly string[]> {
  const [, table = ''] = /\n## Least rights\n([\s\S]*?)\n## /.exec(await readFile(GUIDE, 'utf8')) ?? [];
  const cells = table.split('\n').flatMap((line) => /^\| (`.*?`) \|/.exec(line)?.[1] ?? []);
  const names = cells.flatMap((cell) => cell.match(/[A-Z]\w+(?:\.\w+)+/g) ?? []);
  return names.filter((name) => !/^(?:System|Sessions)\./.test(name));
}

describeWithPeers(['test-vcenter'], 'the rights of a backup', () => {
  const bench = useBench();
  const allow = (privileges: readonly string[]) => bench().server.control('settings', { privileges });
  afterEach(() => allow([]));

  /** What a full and an increment by a user with these rights alone end in. */
  async function backedUp({ transport }: Way, privileges: readonly string[], guest: Guest): Promise<unknown> {
    await guest.write(0, 70_000, 100_000);
    await using source = bench().source({ transport, hostAddresses: hostAddresses(bench()) });
    await allow(privileges);
    try {
      const first = await round(source, guest);
      await guest.write(0, 500_000, 1000);
      const { disks, reasons } = await round(source, guest, first);
      return { isWhole: disks.every((disk, number) => disk.equals(guest.disks[number] ?? disk)), reasons };
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      // a refused file names none: the remedy does
      return { code: error.code, names: error.context.privilege ?? error.remedy };
    }
  }

  const boot = () => Guest.boot(bench(), [2 ** 20]);
  const whole = { isWhole: true, reasons: [null] };

  it('are those of the guide', async () => {
    const wanted = [...BACKUP_RIGHTS, ...BY_FILES, ...BY_LEASE];
    expect((await rightsOfGuide()).toSorted()).toEqual(wanted.toSorted());
  });

  it.each(WAYS)('are enough for a full and an increment by $transport', async (way) => {
    expect(await backedUp(way, way.rights, await boot())).toEqual(whole);
  });

  it.each(EACH)('are all needed by $transport: without $right it fails, and names it', async (way) => {
    const rights = way.rights.filter((right) => right !== way.right);
    expect(await backedUp(way, rights, await boot())).toEqual({
      code: 'PERMISSION_DENIED',
      names: expect.stringContaining(way.right),
    });
  });

  it.each(WAYS)('need none to track changes where that is on already, by $transport', async (way) => {
    const guest = await boot();
    await backedUp(way, [], guest);
    const rights = way.rights.filter((right) => right !== TRACKING);
    expect(await backedUp(way, rights, guest)).toEqual(whole);
  });
});
