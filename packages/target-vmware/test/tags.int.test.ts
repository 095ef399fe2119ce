import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RestoreState, Secret } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createLocalRepository } from '@sendense/repository-local';
import { createVmwareSource } from '@sendense/source-vmware';
import { createMemoryJournal, seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(71, 2 ** 20)];

describeWithPeers(['test-vcenter'], 'tags of a machine that is restored', () => {
  const bench = useBench();
  const control = <Reply = null>(verb: string, request: object) =>
    bench().server.control<Reply>(verb, request);
  beforeAll(async () => {
    for (const name of ['web', 'mail'])
      await control('tag', { category: 'owner/of', name, machine: 'app-1' });
    await control('tag', { category: 'tier', name: 'gold', single: true });
    await control('tag', { category: 'tier', name: 'iron' });
  });
  afterEach(async () => {
    await control('settings', { tagRights: 'all', automationPaths: 'all' });
    await bench().clear();
  });

  /** Restores a machine that had these tags; resolves with what is told of them and what another client sees. */
  async function restored(...tags: readonly string[]) {
    await using target = bench().target();
    const request = requestOf(DISKS, { tags: Object.fromEntries(tags.map((tag) => [tag, ''])) });
    const plan = await planOf(target, request);
    await using writer = await target.begin(plan, runOf());
    await send(writer, DISKS);
    const { findings } = await writer.commit();
    await control('settings', { tagRights: 'all', automationPaths: 'all' });
    const seen = await control<readonly string[]>('tags-of', { machine: 'restored' });
    return { told: findings.filter(({ code }) => code === 'tags-lost').map(({ message }) => message), seen };
  }

  async function checked(tags: Readonly<Record<string, string>>, platform = 'vmware') {
    await using target = bench().target();
    const { properties, findings, compatible } = await target.check(requestOf(DISKS, { tags, platform }));
    const lost = properties.filter(({ outcome }) => outcome === 'lost').map(({ property }) => property);
    const told = findings.filter(({ code }) => code === 'tags-lost').map(({ message }) => message);
    return { lost, told, compatible };
  }

  it('are those that it had when it was backed up, as another client tells', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-tags-'));
    const { url: address, user, password, caFile } = bench().server;
    const options = { address, user, caPem: await readFile(caFile, 'utf8') };
    await using source = createVmwareSource(options, { secrets: { get: async () => new Secret(password) } });
    await using target = bench().target({ defaultNetwork: 'none' });
    try {
      await using repository = await createLocalRepository({ path: join(folder, 'chain') });
      const engine = createEngine({ journal: createMemoryJournal() });
      for await (const { machine } of source.machines({
        name: 'app-1',
        tag: { key: 'owner/of', value: 'web' },
      })) {
        const { pointId: point } = await engine.backup({ source, machine, repository });
        await engine.restore({ repository, point, target });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(await control('tags-of', { machine: 'restored' })).toEqual(['owner/of: mail', 'owner/of: web']);
  });

  it('that the vCenter does not have are lost and told before, and the others kept', async () => {
    expect(await checked({ 'owner%2fof/web': '', 'owner%2fof/gone': '' })).toEqual({
      lost: ['tags.owner%2fof/gone'],
      told: [expect.stringMatching(/owner%2fof\/gone/)],
      compatible: true,
    });
    expect(await restored('owner%2fof/web', 'owner%2fof/gone')).toEqual({
      told: [],
      seen: ['owner/of: web'],
    });
  });

  it('of another platform are lost and told, and the vCenter is not asked', async () => {
    await control('tagging-count', {});
    expect(await checked({ owner: 'web' }, 'aws')).toMatchObject({
      lost: ['tags'],
      told: [/of aws/].map((why) => expect.stringMatching(why)),
    });
    expect(await control('tagging-count', {})).toMatchObject({ requests: 0 });
  });

  it('that do not fit beside each other are told when the machine is there', async () => {
    const { told, seen } = await restored('tier/gold', 'tier/iron');
    expect(told).toEqual([expect.stringMatching(/tier\/(?:gold|iron): .*allows one/)]);
    expect(seen).toHaveLength(1);
  });

  it('are told where the user may not attach them, and the machine is restored without', async () => {
    await control('settings', { tagRights: 'read' });
    const { told, seen } = await restored('owner%2fof/web', 'tier/gold');
    expect(told).toEqual([expect.stringMatching(/owner%2fof\/web/), expect.stringMatching(/tier\/gold/)]);
    expect(told[0]).toMatch(/InventoryService\.Tagging\.AttachTag/);
    expect(seen).toEqual([]);
  });

  it.each([{ tagRights: 'none' }, { automationPaths: 'none' }])(
    'are lost and told where they cannot be looked for (%o)',
    async (settings) => {
      await control('settings', settings);
      const { lost, told, compatible } = await checked({ 'tier/gold': '' });
      expect({ lost, compatible }).toEqual({ lost: ['tags'], compatible: true });
      expect(told).toHaveLength(1);
    },
  );

  it('are told as lost also by the process that completes the restore of one that died behind its last step', async () => {
    await using target = bench().target();
    const plan = await planOf(target, requestOf(DISKS, { tags: { 'tier/gold': '', 'tier/iron': '' } }));
    const run = runOf();
    const dying = {
      ...run,
      async save(state: RestoreState) {
        await run.save(state);
        if ((state.data as { phase?: unknown }).phase === 'committed') throw new Error('the process died');
      },
    };
    await using first = await target.begin(plan, dying);
    await send(first, DISKS);
    await control('settings', { tagRights: 'read' });
    await expect(first.commit()).rejects.toThrow('the process died');
    await using later = bench().target();
    await using writer = await later.begin(plan, runOf(run));
    const { findings } = await writer.commit();
    expect(findings.map(({ code }) => code)).toEqual(['tags-lost', 'tags-lost']);
  });

  it('are told as lost when the API goes away before they are attached', async () => {
    await using target = bench().target();
    const plan = await planOf(target, requestOf(DISKS, { tags: { 'tier/gold': '' } }));
    await using writer = await target.begin(plan, runOf());
    await send(writer, DISKS);
    await control('settings', { automationPaths: 'none' });
    const { findings } = await writer.commit();
    expect(findings).toMatchObject([
      { code: 'tags-lost', message: expect.stringMatching(/any of its 1 tags/) },
    ]);
  });
});
