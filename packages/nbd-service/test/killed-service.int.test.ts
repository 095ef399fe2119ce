import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connectNbd } from '@sendense/blockio-nbd/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callService, type ExportInfo } from '../src/index.ts';
import { makeWorld, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** A service in a process of its own, once it serves. */
async function startProcess() {
  const program = fileURLToPath(new URL('./service-process.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, program, world.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout }))
    return { child, exports: JSON.parse(line) as ExportInfo[] };
  throw new Error('the service ended before it served');
}

it('leaves nothing when it is killed that the next one does not tidy up, and tells what was lost', async () => {
  await world.put('a.json', { point: world.point(world.full, 0), name: 'work', writable: true });
  await world.put('b.json', { point: world.point(world.full, 1), name: 'still' });
  const directory = join(world.folder, 'service');
  const before = await startProcess();
  expect(before.exports.map(({ name }) => name)).toEqual(['still', 'work']);
  {
    await using client = await connectNbd({
      address: { kind: 'unix', path: join(directory, 'nbd.sock') },
      export: 'work',
    });
    await client.write(0, new Uint8Array(512).fill(5));
    before.child.kill('SIGKILL');
    await once(before.child, 'close');
  }
  expect(await world.overlays()).toHaveLength(1);
  expect(await readdir(directory)).toEqual(['conf.d', 'control.sock', 'lock', 'nbd.sock', 'overlays']);
  await expect(callService(directory, 'list')).rejects.toMatchObject({ code: 'NOT_FOUND' });

  const service = await world.start();
  expect(service.findings).toMatchObject([{ severity: 'warning', code: 'overlay-lost', object: 'work' }]);
  expect(await callService(directory, 'list')).toMatchObject({ findings: [{ code: 'overlay-lost' }] });
  expect(service.exports.map(({ name }) => name)).toEqual(['still', 'work']);
  expect(await world.overlays()).toHaveLength(1);
  {
    await using client = await connectNbd({ address: service.address, export: 'work' });
    const found = new Uint8Array(512);
    await client.read(0, found);
    expect(Buffer.from(found).equals(world.disks.full[0]?.subarray(0, 512) ?? Buffer.alloc(0))).toBe(true);
  }
  await service.stop();
  expect(await readdir(directory)).toEqual(['conf.d', 'overlays']);
  expect(await world.overlays()).toEqual([]);
});

it('keeps a second one out of its folder while it lives, also when both start at once', async () => {
  const results = await Promise.allSettled([world.start(), world.start(), world.start()]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'LOCKED' });
});
