import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  attachTags,
  connectVim,
  findTags,
  listMachines,
  type ManagedObject,
  readTags,
  type VimClient,
} from '../src/index.ts';
import { optionsOf } from './support/test-client.ts';

/** Requests to the automation API since they were counted last, those below `/api` among them, and sessions that are open. */
type Count = { readonly requests: number; readonly newer: number; readonly open: number };

describeWithPeers(['test-vcenter'], 'tags of a vCenter', () => {
  let server: TestVcenter;
  let client: VimClient;
  let machines: Readonly<Record<string, ManagedObject>>;
  beforeAll(async () => {
    server = await startTestVcenter();
    client = await connectVim(await optionsOf(server));
    machines = Object.fromEntries((await listMachines(client)).map(({ name, object }) => [name, object]));
    await server.control('tag', { category: 'owner', name: 'web', machine: 'app-1' });
    await server.control('tag', { category: 'owner', name: 'mail/post', machine: 'app-1' });
    await server.control('tag', { category: 'tier', name: 'gold', machine: 'app-1', single: true });
    await server.control('tag', { category: 'tier', name: 'iron', machine: 'DC0_H0_VM0' });
    await server.control('tag', { category: 'rack', name: 'one', types: ['HostSystem'] });
  });
  afterEach(() => server.control('settings', { automationPaths: 'all', tagRights: 'all' }));
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const machine = (name: string): ManagedObject => machines[name] ?? { type: 'VirtualMachine', id: name };
  const counted = () => server.control<Count>('tagging-count');

  it.each([
    ['rest', 0],
    ['api', 9],
  ] as const)(
    'are read below /%s by category and name, of all machines at once',
    async (automationPaths, newer) => {
      await server.control('settings', { automationPaths });
      await counted();
      const tags = await readTags(client, Object.values(machines));
      expect(Object.fromEntries(tags)).toEqual({
        [machine('app-1').id]: [
          { category: 'owner', name: 'mail/post' },
          { category: 'owner', name: 'web' },
          { category: 'tier', name: 'gold' },
        ],
        [machine('DC0_H0_VM0').id]: [{ category: 'tier', name: 'iron' }],
      });
      const { requests, newer: below, open } = await counted();
      // login, the list, four tags, two categories, logout; and the place that is not there
      expect({ requests, newer: below, open }).toEqual({ requests: newer === 0 ? 9 : 10, newer, open: 0 });
    },
  );

  it('are found by their names, those of categories for machines', async () => {
    const wanted = [
      { category: 'owner', name: 'mail/post' },
      { category: 'owner', name: 'nobody' },
      { category: 'none', name: 'web' },
      { category: 'rack', name: 'one' },
    ];
    for (const automationPaths of ['rest', 'api']) {
      await server.control('settings', { automationPaths });
      const found = await findTags(client, wanted);
      expect(found).toEqual([
        {
          category: 'owner',
          name: 'mail/post',
          id: expect.stringMatching(/^urn:vmomi:InventoryServiceTag:/),
        },
      ]);
    }
  });

  it.each(['rest', 'api'])('are attached below /%s, as another client tells', async (automationPaths) => {
    const name = automationPaths === 'rest' ? 'DC0_H0_VM1' : 'DC0_C0_RP0_VM0';
    const wanted = [
      { category: 'owner', name: 'web' },
      { category: 'tier', name: 'gold' },
    ];
    await server.control('settings', { automationPaths });
    const found = await findTags(client, wanted);
    expect(await attachTags(client, machine(name), found)).toEqual([]);
    expect(await attachTags(client, machine(name), found)).toEqual([]);
    await server.control('settings', { automationPaths: 'all' });
    expect(await server.control('tags-of', { machine: name })).toEqual(['owner: web', 'tier: gold']);
  });

  it('that do not fit are told one by one, and the others are attached', async () => {
    const name = 'DC0_C0_RP0_VM1';
    const wanted = [
      { category: 'tier', name: 'gold' },
      { category: 'tier', name: 'iron' },
      { category: 'owner', name: 'web' },
    ];
    const failed = await attachTags(client, machine(name), await findTags(client, wanted));
    expect(failed).toMatchObject([
      { tag: { category: 'tier' }, error: { code: 'CONFIG_INVALID', context: { httpStatus: 400 } } },
    ]);
    expect(failed[0]?.error.message).toMatch(/allows one/);
    const told = await server.control<readonly string[]>('tags-of', { machine: name });
    expect(told).toEqual(['owner: web', expect.stringMatching(/^tier: (?:gold|iron)$/)]);
  });

  it.each(['rest', 'api'])(
    'are not read without the right to, below /%s, and the session is closed all the same',
    async (automationPaths) => {
      await server.control('settings', { automationPaths, tagRights: 'none' });
      await expect(readTags(client, [machine('app-1')])).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringMatching(/lacks InventoryService\.Tagging\.AttachTag/),
      });
      expect((await counted()).open).toBe(0);
    },
  );

  it('of a machine that is gone are not attached', async () => {
    const found = await findTags(client, [{ category: 'owner', name: 'web' }]);
    const failed = await attachTags(client, machine('vm-99999'), found);
    expect(failed).toMatchObject([{ error: { code: 'NOT_FOUND' } }]);
  });

  it('are not there where the server has no automation API', async () => {
    await server.control('settings', { automationPaths: 'none' });
    await expect(readTags(client, [machine('app-1')])).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('are none of an ESXi on its own, which is not asked', async () => {
    await using esx = await startTestVcenter({ esx: true, machines: 1 });
    await using host = await connectVim(await optionsOf(esx));
    const objects = (await listMachines(host)).map(({ object }) => object);
    expect(objects).toHaveLength(1);
    expect((await readTags(host, objects)).size).toBe(0);
    expect(await findTags(host, [{ category: 'owner', name: 'web' }])).toEqual([]);
    expect((await esx.control<Count>('tagging-count')).requests).toBe(0);
  });
});
