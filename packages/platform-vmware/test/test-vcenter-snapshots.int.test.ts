import { readdir, readFile } from 'node:fs/promises';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { consolidateDisks, readSnapshotDisks, removeSnapshot, runTask } from '../src/index.ts';
import { TestMachine } from './support/test-machine.ts';

const FLAT = 'app-1/app-1-flat.vmdk';

describeWithPeers(['test-vcenter', 'qemu-img'], 'snapshots of the test vCenter', () => {
  let machine: TestMachine;
  beforeEach(async () => {
    machine = await TestMachine.start();
  });
  afterEach(() => machine[Symbol.asyncDispose]());

  it('keep the bytes of their instant while the guest goes on in a file of its own', async () => {
    const before = await machine.file(FLAT);
    const snapshot = await machine.snapshot('a');
    await machine.write(300_000, 100_000);
    expect((await machine.file(FLAT)).equals(before)).toBe(true);
    const [frozen] = await readSnapshotDisks(machine.client, snapshot);
    expect(frozen).toMatchObject({ fileName: '[LocalDS_0] app-1/app-1.vmdk', parents: [] });
    expect(await machine.disk()).toMatchObject({
      fileName: '[LocalDS_0] app-1/app-1-000001.vmdk',
      layers: 2,
    });
  });

  it.each(['sesparse', 'cowd'])(
    'stand on deltas that qemu-img reads (%s) when there is one already',
    async (deltas) => {
      await machine.server.control('settings', { deltas });
      await machine.snapshot('a');
      await machine.write(300_000, 100_000);
      await machine.write(0, 10);
      const { guestFile } = await machine.disk();
      const guest = await readFile(guestFile);
      const second = await machine.snapshot('b');
      await machine.write(900_000, 1000);
      const [frozen] = await readSnapshotDisks(machine.client, second);
      expect(frozen).toMatchObject({
        fileName: '[LocalDS_0] app-1/app-1-000001.vmdk',
        parents: ['[LocalDS_0] app-1/app-1.vmdk'],
      });
      const chain = `${machine.server.datastoreDir}/app-1/app-1-000001.vmdk`;
      const out = `${machine.server.datastoreDir}/out.raw`;
      await execa('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', chain, out]);
      expect((await readFile(out)).equals(guest)).toBe(true);
    },
  );

  it('leave what the guest wrote since in the base when they are removed, in any order', async () => {
    const files = ['app-1', 'app-1_1', 'app-1_2']
      .flatMap((disk) => [`${disk}-flat.vmdk`, `${disk}.vmdk`])
      .sort();
    const snapshots = [];
    for (const name of ['a', 'b', 'c']) {
      snapshots.push(await machine.snapshot(name));
      await machine.write(snapshots.length * 200_000, 50_000);
    }
    const guest = await readFile((await machine.disk()).guestFile);
    for (const index of [1, 0, 2]) {
      const snapshot = snapshots[index];
      if (snapshot !== undefined) await removeSnapshot(machine.client, snapshot);
      expect((await readFile((await machine.disk()).guestFile)).equals(guest)).toBe(true);
    }
    expect(await machine.disk()).toMatchObject({ fileName: '[LocalDS_0] app-1/app-1.vmdk', layers: 1 });
    expect((await machine.file(FLAT)).equals(guest)).toBe(true);
    const left = await readdir(`${machine.server.datastoreDir}/app-1`);
    expect(left.filter((file) => /vmdk|vmsn/.test(file)).sort()).toEqual(files);
  });

  it('leave files behind when the server is told so, which are joined later unless they are locked', async () => {
    await machine.server.control('settings', { keepFiles: true });
    const snapshot = await machine.snapshot('a');
    await machine.write(0, 1000);
    await removeSnapshot(machine.client, snapshot);
    expect((await machine.disk()).layers).toBe(2);
    const lock = { fileName: `[LocalDS_0] ${FLAT}`, locked: true };
    await machine.server.control('lock', lock);
    const locked = consolidateDisks(machine.client, machine.object);
    await expect(locked).rejects.toMatchObject({ context: { fault: 'FileLocked' } });
    await machine.server.control('lock', { ...lock, locked: false });
    expect(await consolidateDisks(machine.client, machine.object)).toBe(true);
    expect((await machine.disk()).layers).toBe(1);
    expect(await consolidateDisks(machine.client, machine.object)).toBe(false);
  });

  it('bring the bytes of their instant back, and end the change ids of before', async () => {
    await machine.track();
    const before = await machine.file(FLAT);
    const snapshot = await machine.snapshot('a');
    const { changeId } = await machine.disk();
    await machine.write(0, 500_000);
    await runTask(machine.client, 'RevertToSnapshot_Task', snapshot, []);
    const after = await machine.disk();
    expect((await readFile(after.guestFile)).equals(before)).toBe(true);
    expect(after.changeId.split('/')[0]).not.toBe(changeId.split('/')[0]);
  });

  it('fail as they do on a datastore without room, and of a guest that does not come to rest', async () => {
    await machine.server.control('settings', { full: true });
    await expect(machine.snapshot('a')).rejects.toMatchObject({ context: { fault: 'NoDiskSpace' } });
    await machine.server.control('settings', { full: false, quiesceFaults: 1 });
    const fields = [
      ['name', 'q'],
      ['memory', false],
      ['quiesce', true],
    ] as const;
    const quiesced = () => runTask(machine.client, 'CreateSnapshot_Task', machine.object, fields);
    await expect(quiesced()).rejects.toMatchObject({ context: { fault: 'ApplicationQuiesceFault' } });
    await quiesced();
  });
});
