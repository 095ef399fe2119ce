import type { PointId } from '@sendense/core';
import { createMemoryRepository, type DiskContent, type MemoryMachine, MemoryStore } from '@sendense/testkit';
import fc from 'fast-check';
import { type BackupType, createEngine } from '../src/index.ts';
import { Life, mortal } from './mortal.ts';
import { createWorld, filled, KIB, pointBytes, startProcess, type World } from './world.ts';

const PIECE = 64 * KIB;

/** What may happen to a machine and its backups. Numbers are taken modulo what is there. */
export type Act =
  | { readonly act: 'write' | 'zero'; readonly disk: number; readonly at: number; readonly seed: number }
  | { readonly act: 'backup'; readonly type: BackupType; readonly to: number; readonly killAt: number | null }
  | { readonly act: 'grow' | 'shrink' | 'replace'; readonly disk: number }
  | { readonly act: 'add' | 'lose-journal' | 'crash-host' }
  | { readonly act: 'delete'; readonly point: number }
  | { readonly act: 'prune' | 'synthetic'; readonly to: number; readonly point: number };

const number = fc.nat({ max: 1000 });
const type = fc.constantFrom<BackupType>('auto', 'auto', 'auto', 'full', 'incremental', 'differential');
/** A random act. */
export const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ act: fc.constantFrom('write', 'zero'), disk: number, at: number, seed: number }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('backup'),
      type,
      to: fc.nat({ max: 1 }),
      killAt: fc.option(fc.integer({ min: 1, max: 45 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('grow', 'shrink', 'replace'), disk: number }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('add', 'lose-journal', 'crash-host') }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('delete'), point: number }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constantFrom('prune', 'synthetic'),
      to: fc.nat({ max: 1 }),
      point: number,
    }),
  },
) as fc.Arbitrary<Act>;

/** One machine, two repositories, and what the disks were at each frozen instant. */
export class History {
  readonly world: World = createWorld();
  readonly stores = [this.world.store, new MemoryStore()];
  readonly machine: MemoryMachine = this.world.hypervisor.addMachine({
    name: 'vm',
    disks: [8 * PIECE, 5 * PIECE],
  });
  readonly truth = new Map<string, ReadonlyMap<string, DiskContent>>();
  /** What should never happen: wrong bytes, or an error that nothing explains. */
  readonly surprises: string[] = [];
  backups = 0;
  kills = 0;

  async perform(step: Act): Promise<void> {
    const disk = this.machine.disk('disk' in step ? step.disk % this.machine.disks.length : 0);
    const sizeBytes = disk.sizeBytes;
    if (step.act === 'write') {
      const bytes = filled(1 + (step.seed % 3000), step.seed);
      disk.write((step.at * 4099) % (sizeBytes - bytes.length), bytes);
    } else if (step.act === 'zero') disk.zero((step.at % (sizeBytes / PIECE)) * PIECE, PIECE);
    else if (step.act === 'grow') disk.resize(Math.min(sizeBytes + PIECE, 16 * PIECE));
    else if (step.act === 'shrink') disk.resize(Math.max(sizeBytes - PIECE, 2 * PIECE));
    else if (step.act === 'replace')
      this.machine.replaceDisk(step.disk % this.machine.disks.length, 4 * PIECE);
    else if (step.act === 'add') this.#addDisk();
    else if (step.act === 'lose-journal') this.world.journal.entries.clear();
    else if (step.act === 'crash-host') this.world.hypervisor.crashHost(this.machine.ref);
    else if (step.act === 'backup') await this.#backup(step);
    else if ('point' in step) await this.#maintain(step);
  }

  #addDisk(): void {
    if (this.machine.disks.length < 4) this.machine.addDisk(3 * PIECE);
  }

  async repository(to: number) {
    return createMemoryRepository({ store: this.stores[to] ?? this.world.store, id: `repo-${to}` as never });
  }

  async #backup({ type: kind, to, killAt }: Extract<Act, { act: 'backup' }>): Promise<void> {
    this.world.clock.advance(60_000);
    const life = new Life(
      killAt === null ? undefined : { call: killAt, moment: killAt % 2 ? 'before' : 'after' },
    );
    const { source, journal } = await startProcess(this.world);
    const remembering: typeof source = {
      ...source,
      capture: async (...args) => {
        const capture = await source.capture(...args);
        const disks = this.machine.disks.map((disk) => [disk.id, disk.freeze()] as const);
        if (!this.truth.has(capture.instant.id)) this.truth.set(capture.instant.id, new Map(disks));
        return capture;
      },
    };
    const engine = createEngine({ journal: mortal(journal, life, 'journal') });
    const outcome = engine.backup({
      source: mortal(remembering, life, 'source'),
      repository: mortal(await this.repository(to), life, 'repository'),
      machine: this.machine.ref,
      type: kind,
    });
    const result = await outcome.catch((error: { code?: string }) => error.code);
    if (life.dead) {
      this.kills++;
      for (const store of this.stores) store.crash();
    } else if (typeof result === 'string') {
      const refused = kind === 'incremental' && ['PARENT_MISSING', 'CHANGE_TRACKING_LOST'].includes(result);
      if (!refused) this.surprises.push(`${kind} failed with ${result}`);
    } else this.backups++;
  }

  async #maintain(step: Extract<Act, { point: number }>): Promise<void> {
    const repository = await this.repository('to' in step ? step.to : step.point % 2);
    const points: PointId[] = [];
    for await (const { id } of repository.points()) points.push(id);
    const point = points[step.point % Math.max(1, points.length)];
    if (point === undefined) return;
    if (step.act === 'prune') await repository.maintenance?.prune({ last: 1 + (step.point % 3) });
    else if (step.act === 'synthetic')
      await repository.maintenance?.consolidate?.({ kind: 'synthetic-full', point });
    else
      await repository.maintenance?.delete(point).catch((error: { code?: string }) => {
        if (error.code !== 'CONFLICT') throw error;
      });
  }

  /** Compares every committed point, byte for byte, with what the disks were at its instant. */
  async check(): Promise<void> {
    for (const to of this.stores.keys()) {
      const repository = await this.repository(to);
      for await (const point of repository.points()) {
        for (const disk of point.disks) {
          const expected = this.truth.get(point.instant)?.get(disk.id)?.bytes() ?? new Uint8Array();
          const actual = await pointBytes(repository, point.id, disk.id);
          if (Buffer.compare(actual, expected) !== 0)
            this.surprises.push(`${point.kind} ${point.id} ${disk.id}`);
        }
      }
    }
  }
}
