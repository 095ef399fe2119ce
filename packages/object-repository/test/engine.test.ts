import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemServices } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import {
  collect,
  createMemoryJournal,
  createMemorySource,
  createMemoryTarget,
  createTestFence,
  MemoryHypervisor,
  seededBytes,
} from '@sendense/testkit';
import { afterAll, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { createDirectoryStore } from '../src/store/directory-store.ts';
import { testKey } from './keys.ts';

const MIB = 1024 * 1024;
const path = await mkdtemp(join(tmpdir(), 'sendense-objects-'));
afterAll(() => rm(path, { recursive: true }));

it('is backed up to and restored from by the engine: a full, an increment that adds only what changed, both restored', async () => {
  const access = () => ({ store: createDirectoryStore({ path }), key: testKey });
  const hypervisor = new MemoryHypervisor();
  const machine = hypervisor.addMachine({ name: 'vm', disks: [40 * MIB] });
  machine.disk().write(0, seededBytes(1, 18 * MIB + 4096));
  const services = systemServices();
  const source = createMemorySource({ hypervisor, services });
  const target = createMemoryTarget({ hypervisor, services });
  const journal = createMemoryJournal({ entries: new Map(), revision: 0 });
  const engine = createEngine({ journal, services, fence: createTestFence() });
  await using repository = await createObjectRepository(access());
  const full = await engine.backup({ source, repository, machine: machine.ref });
  const before = machine.disk().freeze().bytes();
  machine.disk().write(30 * MIB, seededBytes(2, 4096));
  machine.disk().write(5 * MIB + 4096, new Uint8Array(8192));
  const next = await engine.backup({ source, repository, machine: machine.ref });
  const after = machine.disk().freeze().bytes();
  expect([full.kind, next.kind]).toEqual(['full', 'incremental']);
  const [first, second] = await collect(repository.points());
  expect(first?.storedBytes).toBeGreaterThan(18 * MIB);
  expect(second?.storedBytes).toBeLessThan(1.1 * MIB); // a chunk that is mostly random, one that is mostly zeros, a node
  await using other = await openObjectRepository(access());
  for (const [point, content] of [
    [full.pointId, before],
    [next.pointId, after],
  ] as const) {
    const result = await engine.restore({ repository: other, point, target, overwrite: true });
    expect(result.verified).toBe(true);
    const restored = hypervisor.machine(result.machine ?? machine.ref);
    expect(Buffer.compare(restored.disk().freeze().bytes(), content)).toBe(0);
  }
});
