import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  type MachineRef,
  type PointId,
  type Random,
  type RecoveryPoint,
  SendenseError,
} from '@sendense/core';
import type { BackupType } from '@sendense/engine';
import { createLocalRepository } from '@sendense/repository-local';
import { collect, seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { ExpectedPoints } from './expected-points.ts';
import { GuestDisk } from './guest-disk.ts';
import { type Cut, Host, type Process, type Run } from './host.ts';
import type { HistoryMachine, OpenMachine } from './machine.ts';

/** Machines of one disk of each kind, and of both. */
const MACHINES = [['qcow2'], ['raw'], ['qcow2', 'raw']] as const;
const TYPES: readonly BackupType[] = ['auto', 'auto', 'auto', 'full', 'incremental', 'differential'];
/** What happens how often. */
const ACTS = [
  'write',
  'write',
  'write',
  'backup',
  'backup',
  'backup',
  'backup',
  'resize',
  'maintain',
  'maintain',
  'interrupt',
];
/** About as many changes as a backup of one disk makes: a cut that comes later does not happen. */
const CHANGES_OF_A_RUN = 130;

/** A repository and what it must hold. */
type Place = {
  readonly path: string;
  readonly expected: ExpectedPoints;
  /** The point that the next increment can build on: of the newest backup that ended well, unless a disk changed its size. */
  base: PointId | null;
};

/** One random history of a machine, from its first write to the last look at its points. */
export class History implements AsyncDisposable {
  readonly #random: () => number;
  readonly #folder: string;
  readonly #disks: readonly GuestDisk[];
  readonly #places: readonly Place[];
  readonly #machine: HistoryMachine;
  readonly #host: Host;
  /** What happened, for the message of a failure. */
  readonly log: string[] = [];
  backups = 0;
  crashes = 0;
  /** Where the last backup died that no later one to the same place has cleaned up after. */
  #left: Place | null = null;

  private constructor(folder: string, random: () => number, machine: HistoryMachine, places: Place[]) {
    this.#folder = folder;
    this.#random = random;
    this.#machine = machine;
    this.#disks = machine.disks;
    this.#places = places;
    this.#host = new Host(folder, machine.openSource, servicesRandom(random));
  }

  static async begin(folder: string, seed: number, openMachine: OpenMachine): Promise<History> {
    const random = seededRandom(seed);
    const formats = MACHINES[seededInteger(random, MACHINES.length)] ?? MACHINES[0];
    const disks: GuestDisk[] = [];
    for (const format of formats)
      disks.push(await GuestDisk.create(join(folder, `disk-${format}.${format}`), format, random));
    const places: Place[] = [];
    for (const name of ['first', 'second']) {
      const path = join(folder, name);
      await (await createLocalRepository({ path }))[Symbol.asyncDispose]();
      places.push({ path, expected: new ExpectedPoints(), base: null });
    }
    const history = new History(folder, random, await openMachine(folder, disks, random), places);
    history.log.push(`a machine with ${formats.join(' and ')}`);
    return history;
  }

  /** Does one random thing. */
  async act(): Promise<void> {
    const act = this.#pick(ACTS);
    const disk = this.#pick(this.#disks);
    if (act === 'write') this.log.push(await disk.write());
    else if (act === 'resize') await this.#resize(disk);
    else if (act === 'interrupt') await this.#interrupt();
    else if (act === 'backup') await this.#backUp(this.#place(), this.#pick(TYPES), this.#cut());
    else await this.#maintain(this.#place(), this.#cut());
  }

  /** QEMU resizes no disk that a job reads: what a dead process left is removed first. */
  async #resize(disk: GuestDisk): Promise<void> {
    if (this.#left !== null) {
      await this.#host.run(this.#left.path, null, this.#planReconcile().work);
      this.#left = null;
    }
    this.log.push(await disk.resize());
    for (const place of this.#places) place.base = null;
  }

  /** The machine ends and is started again, if it is one that runs. */
  async #interrupt(): Promise<void> {
    const { said, losesBaselines } = (await this.#machine.interrupt?.(this.#random)) ?? {
      said: 'nothing',
      losesBaselines: false,
    };
    this.log.push(said);
    if (losesBaselines) for (const place of this.#places) place.base = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
  }

  /** Ends with a backup to each repository, and compares every point through our reader and through `qemu-img`. */
  async end(): Promise<number> {
    let images = 0;
    for (const place of this.#places) {
      await this.#backUp(place, 'auto', null);
      await this.#look(place, async ({ repository }) => {
        await place.expected.expectBytes(repository);
        assert.deepEqual(await collect(repository.verify({ depth: 'data' })), []);
        images += await place.expected.expectQemuBytes(repository, this.#folder);
      });
    }
    return images;
  }

  async #backUp(place: Place, type: BackupType, cut: Cut | null): Promise<void> {
    const contents = this.#disks.map((disk) => disk.content());
    const run = await this.#host.run(place.path, cut, async ({ engine, source, repository }) => {
      const machine = await onlyMachine(source);
      return await engine.backup({ source, repository, machine, type });
    });
    this.#tell(`${type} backup to ${place.path.slice(-6)}`, run, cut);
    if (run.died) this.#left = place;
    else if (this.#left === place) this.#left = null;
    if (run.died) {
      this.crashes += 1;
      await this.#machine.processDied?.();
      await this.#look(place, ({ repository }) => place.expected.adopt(repository, new Set(), contents));
      if (!this.#machine.running) for (const disk of this.#disks) assert.equal(await disk.damage(), '');
    } else if ('value' in run) {
      this.backups += 1;
      this.log.push(...run.value.disks.map(({ kind, reasonText }) => `${kind}: ${reasonText}`));
      if (place.base !== null && type === 'auto')
        for (const disk of run.value.disks) assert.notEqual(disk.kind, 'full', 'an increment was possible');
      place.base = run.value.pointId;
      place.expected.add(run.value.pointId, contents);
    } else if (type !== 'incremental' || !isRefusal(run.error)) throw run.error;
  }

  async #maintain(place: Place, cut: Cut | null): Promise<void> {
    const points = await this.#points(place);
    const plan = this.#planMaintenance(points);
    if (place.base !== null && plan.going.includes(place.base)) place.base = null;
    const run = await this.#host.run(place.path, cut, plan.work);
    this.#tell(`${plan.title} in ${place.path.slice(-6)}`, run, cut);
    if (run.died) {
      this.crashes += 1;
      await this.#look(place, ({ repository }) =>
        place.expected.adopt(repository, new Set(plan.going), null),
      );
    } else if ('error' in run) throw run.error;
    else place.expected.remove(plan.going);
    await this.#look(place, ({ repository }) => place.expected.expectBytes(repository));
  }

  /** Something that removes or rewrites points, and which of them go. */
  #planMaintenance(points: readonly RecoveryPoint[]): Maintenance {
    const point = points[this.#integer(points.length)];
    const choice = this.#integer(5);
    if (point === undefined || choice === 0) return this.#planReconcile();
    if (choice === 1) return planDelete(point.id);
    if (choice === 2) return planSyntheticFull(point.id);
    if (choice === 3) return planPrune(points, 1 + this.#integer(4));
    const below = pointsBelow(points, point);
    const onto = below[this.#integer(below.length)];
    return onto === undefined ? planSyntheticFull(point.id) : planMerge(point.id, onto, below);
  }

  #planReconcile(): Maintenance {
    return {
      title: 'reconcile',
      going: [],
      work: ({ engine, source, repository }) =>
        engine.reconcile({ sources: [source], repositories: [repository], graceMs: 0 }),
    };
  }

  async #points(place: Place): Promise<readonly RecoveryPoint[]> {
    let points: readonly RecoveryPoint[] = [];
    await this.#look(place, async ({ repository }) => {
      points = await collect(repository.points());
    });
    return points;
  }

  async #look(place: Place, look: (process: Process) => Promise<void>): Promise<void> {
    const run = await this.#host.run(place.path, null, look);
    if ('error' in run) throw run.error;
  }

  #tell(what: string, run: Run<unknown>, cut: Cut | null): void {
    const died = `died at change ${cut?.cutAt}, ${cut?.tornBytes} bytes torn`;
    const ended = 'error' in run ? String(run.error) : 'done';
    this.log.push(`${what}: ${run.died ? died : ended}`);
  }

  /** Every third run dies, if it lasts as long. */
  #cut(): Cut | null {
    if (this.#integer(3) > 0) return null;
    return { cutAt: 1 + this.#integer(CHANGES_OF_A_RUN), tornBytes: this.#integer(4096) };
  }

  #place(): Place {
    return this.#integer(4) === 0 ? this.#pick(this.#places) : (this.#places[0] ?? assert.fail());
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#integer(from.length)] ?? assert.fail('nothing to pick from');
  }

  #integer(below: number): number {
    return seededInteger(this.#random, below);
  }
}

/** A piece of maintenance, and the points that are gone after it. */
type Maintenance = {
  readonly title: string;
  readonly going: readonly PointId[];
  readonly work: (process: Process) => Promise<unknown>;
};

function planDelete(point: PointId): Maintenance {
  return {
    title: `delete ${point}`,
    going: [point],
    work: async ({ repository }) => repository.maintenance?.delete(point),
  };
}

function planSyntheticFull(point: PointId): Maintenance {
  return {
    title: `synthetic full ${point}`,
    going: [],
    work: async ({ repository }) => repository.maintenance?.consolidate?.({ kind: 'synthetic-full', point }),
  };
}

function planPrune(points: readonly RecoveryPoint[], last: number): Maintenance {
  const newest = points.toSorted((a, b) => b.sequence - a.sequence);
  return {
    title: `prune to the last ${last}`,
    going: newest.slice(last).map(({ id }) => id),
    work: ({ engine, repository }) => engine.prune({ repository, policy: { last } }),
  };
}

function planMerge(point: PointId, onto: PointId, below: readonly PointId[]): Maintenance {
  return {
    title: `merge ${point} onto ${onto}`,
    going: below.slice(0, below.indexOf(onto)),
    work: async ({ repository }) => repository.maintenance?.consolidate?.({ kind: 'merge', point, onto }),
  };
}

/** The points that `point` builds on, nearest first. */
function pointsBelow(points: readonly RecoveryPoint[], point: RecoveryPoint): readonly PointId[] {
  const parents = new Map(points.map(({ id, parentId }) => [id, parentId]));
  const below: PointId[] = [];
  for (let id = point.parentId; id !== null; id = parents.get(id) ?? null) below.push(id);
  return below;
}

async function onlyMachine(source: Process['source']): Promise<MachineRef> {
  for await (const { machine } of source.machines()) return machine;
  return assert.fail('the source has no machine');
}

function isRefusal(error: unknown): boolean {
  return SendenseError.is(error, 'PARENT_MISSING') || SendenseError.is(error, 'CHANGE_TRACKING_LOST');
}

/** Random numbers that a seed decides: names and sessions are the same in each run of a seed. */
function servicesRandom(random: () => number): Random {
  const bytes = (length: number) => seededBytes(seededInteger(random, 2 ** 32), length);
  return {
    bytes,
    uuid() {
      const hex = Buffer.from(bytes(16)).toString('hex');
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        `8${hex.slice(17, 20)}`,
        hex.slice(20),
      ].join('-');
    },
  };
}
