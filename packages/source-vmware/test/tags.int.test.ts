import { guardSource, type MachineFilter } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { requestOf } from './guest.ts';
import { type BenchMachine, useBench } from './vcenter-bench.ts';

describeWithPeers(['test-vcenter'], 'tags of machines that are backed up', () => {
  const bench = useBench();
  let tagged: BenchMachine;
  let plain: BenchMachine;
  const control = <Reply = null>(verb: string, request: object = {}) =>
    bench().server.control<Reply>(verb, request);
  beforeAll(async () => {
    tagged = await bench().machine([2 ** 20]);
    plain = await bench().machine([2 ** 20]);
    await control('tag', { category: 'a/b', name: '50%', machine: tagged.name });
    await control('tag', { category: 'owner', name: 'web', machine: tagged.name });
    await control('tag', { category: 'owner', name: 'web', machine: 'app-1' });
    await control('tag', { category: 'owner', name: 'mail', machine: tagged.name });
  });
  afterEach(() => control('settings', { tagRights: 'all', automationPaths: 'all' }));

  /** What a capture of a machine tells of its tags. */
  async function captured({ ref }: BenchMachine) {
    await using source = guardSource(bench().source());
    await using capture = await source.capture(requestOf({ ...tagged, ref }));
    const told = capture.findings.filter(({ code }) => code === 'tags-left-out');
    return { tags: capture.spec.tags, told: told.map(({ message }) => message) };
  }

  async function listed(filter: MachineFilter): Promise<string[]> {
    await using source = guardSource(bench().source());
    const names: string[] = [];
    for await (const { name } of source.machines(filter)) names.push(name);
    return names;
  }

  const TAGS = { 'a%2fb/50%': '', 'owner/mail': '', 'owner/web': '' };

  it('are in the machine of the backup', async () => {
    expect(await captured(tagged)).toEqual({ tags: TAGS, told: [] });
    await using source = guardSource(bench().source());
    expect((await source.describe(tagged.ref)).tags).toEqual(TAGS);
  });

  it('are not there of one that has none', async () => {
    expect(await captured(plain)).toEqual({ tags: undefined, told: [] });
  });

  it.each([
    [{ tagRights: 'none' }, /lacks InventoryService/],
    [{ automationPaths: 'none' }, /no automation API/],
  ])(
    'are left out where they cannot be read (%o), which is told, and the backup goes on',
    async (settings, why) => {
      await control('settings', settings);
      expect(await captured(tagged)).toEqual({ tags: undefined, told: [expect.stringMatching(why)] });
    },
  );

  it('choose machines, by one request for all of them', async () => {
    await control('tagging-count');
    expect(await listed({ tag: { key: 'owner' } })).toEqual(['app-1', tagged.name]);
    // login, the list, three tags, two categories, logout
    expect(await control('tagging-count')).toMatchObject({ requests: 8, open: 0 });
    expect(await listed({ tag: { key: 'owner', value: 'mail' } })).toEqual([tagged.name]);
    expect(await listed({ tag: { key: 'owner/web' }, name: 'app-1' })).toEqual(['app-1']);
    expect(await listed({ tag: { key: 'web' } })).toEqual([]);
  });

  it('are not asked for by a list of machines that wants none', async () => {
    await control('tagging-count');
    expect(await listed({})).toContain(tagged.name);
    expect(await control('tagging-count')).toMatchObject({ requests: 0 });
  });

  it('that cannot be read make no list that looks whole', async () => {
    await control('settings', { tagRights: 'none' });
    await expect(listed({ tag: { key: 'owner' } })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
