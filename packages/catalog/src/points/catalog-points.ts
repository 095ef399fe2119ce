import type { Call, MachineKey, RecoveryPoint, Repository } from '@sendense/core';
import { registerRepository } from '../repositories/register-repository.ts';
import type { ChainTable, PointTable } from '../schema/tables.ts';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import { machineRows } from './point-rows.ts';
import { insertMachine, removeMachines } from './replace-machine.ts';

/** What a rebuild read back. */
export type RebuildReport = { readonly points: number; readonly machines: number };

async function collect(points: AsyncIterable<RecoveryPoint>): Promise<RecoveryPoint[]> {
  const list: RecoveryPoint[] = [];
  for await (const point of points) list.push(point);
  return list;
}

function byMachine(points: readonly RecoveryPoint[]): Map<MachineKey, RecoveryPoint[]> {
  const machines = new Map<MachineKey, RecoveryPoint[]>();
  for (const point of points) {
    const list = machines.get(point.machine);
    if (list === undefined) machines.set(point.machine, [point]);
    else list.push(point);
  }
  return machines;
}

/** The tables `points`, `point_disks`, `chains` and `machines`: a copy of what the repositories say, for queries. */
export class CatalogPoints {
  readonly #store: CatalogStore;

  constructor(store: CatalogStore) {
    this.#store = store;
  }

  /** Reads one machine back from its repository: to be called after a backup, delete, prune or consolidation. */
  async sync(repository: Repository, machine: MachineKey, call?: Call): Promise<void> {
    const points = await collect(repository.points({ machine }, call));
    const rows = machineRows(repository.id, points);
    await this.#store.write('sync-catalog', async (db) => {
      await registerRepository(db, repository, this.#store.now());
      await removeMachines(db, repository.id, machine);
      if (rows !== undefined) await insertMachine(db, rows);
    });
  }

  /** Reads whole repositories back, in one transaction. What is known of other repositories stays. */
  async rebuild(repositories: readonly Repository[], call?: Call): Promise<RebuildReport> {
    const reports: RebuildReport[] = [];
    for (const repository of repositories) reports.push(await this.#rebuildOne(repository, call));
    return {
      points: reports.reduce((sum, report) => sum + report.points, 0),
      machines: reports.reduce((sum, report) => sum + report.machines, 0),
    };
  }

  /** Points of a repository, oldest first. */
  list(repository: string, machine?: string): Promise<PointTable[]> {
    return this.#store.read('list-points', (db) => {
      const all = db.selectFrom('points').selectAll().where('repository_id', '=', repository);
      const some = machine === undefined ? all : all.where('machine_key', '=', machine);
      return some.orderBy('at').orderBy('sequence').orderBy('id').execute();
    });
  }

  /** Chains of a repository by machine, disk and full. */
  chains(repository: string): Promise<ChainTable[]> {
    return this.#store.read('list-chains', (db) =>
      db
        .selectFrom('chains')
        .selectAll()
        .where('repository_id', '=', repository)
        .orderBy('machine_key')
        .orderBy('disk_number')
        .orderBy('full_point_id')
        .execute(),
    );
  }

  async #rebuildOne(repository: Repository, call: Call | undefined): Promise<RebuildReport> {
    const points = await collect(repository.points(undefined, call));
    const machines = byMachine(points);
    await this.#store.write('rebuild-catalog', async (db) => {
      await registerRepository(db, repository, this.#store.now());
      await removeMachines(db, repository.id);
      for (const list of machines.values()) {
        const rows = machineRows(repository.id, list);
        if (rows !== undefined) await insertMachine(db, rows);
      }
    });
    return { points: points.length, machines: machines.size };
  }
}
