import assert from 'node:assert/strict';
import { type PointId, pointId, type Repository } from '@sendense/core';
import { collect, seededInteger } from '@sendense/testkit';
import { backUp, type Change, CLUSTER, changed, expectContents, writeBackup } from './model-machine.ts';

/** What the model knows of a point. */
type ModelPoint = {
  readonly content: Uint8Array;
  readonly sequence: number;
  readonly isFull: boolean;
  held: boolean;
};

/** Half of the histories are one long chain that is eaten from everywhere: backups and deletes, seldom anything else. */
const CHAIN_STEPS = [0, 0, 0, 0, 7, 7, 7, 8, 9, 10];

/** Random work on one machine, and what its points must then hold. */
export class RandomHistory {
  readonly #random: () => number;
  readonly #points = new Map<PointId, ModelPoint>();
  readonly #isChain: boolean;
  #sequence = 0;
  #content: Uint8Array;

  constructor(random: () => number) {
    this.#random = random;
    this.#isChain = this.#integer(2) === 0;
    this.#content = new Uint8Array(5 * CLUSTER + 512);
  }

  /** The contents of all points that must be there. */
  get contents(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#points].map(([id, { content }]) => [id, content]));
  }

  /** Does one random thing; resolves with its name. */
  async step(repository: Repository): Promise<string> {
    const choice = this.#isChain ? (CHAIN_STEPS[this.#integer(CHAIN_STEPS.length)] ?? 0) : this.#integer(12);
    if (choice < 5 || this.#points.size === 0) return this.#backUp(repository);
    if (choice === 5) return this.#abandon(repository);
    if (choice === 6) return this.#hold(repository);
    if (choice === 7) return this.#delete(repository);
    if (choice === 8) return this.#consolidate(repository);
    if (choice === 9) return this.#merge(repository);
    return this.#prune(repository);
  }

  /** Takes over what a crash left: points of `before` and after may be there, those of both must be, all of them whole. */
  async adopt(repository: Repository, before: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const after = this.contents;
    const found = (await collect(repository.points())).map(({ id, sequence, disks, held }) => {
      const content = after.get(id) ?? before.get(id) ?? assert.fail(`${id} comes from nowhere`);
      return [id, { content, sequence, isFull: disks[0]?.base === null, held }] as const;
    });
    const ids = new Set<string>(found.map(([id]) => id));
    for (const id of before.keys()) if (after.has(id)) assert.ok(ids.has(id), `${id} is lost`);
    this.#points.clear();
    for (const [id, point] of found) this.#points.set(id, point);
    await expectContents(repository, this.contents);
  }

  async #backUp(repository: Repository): Promise<string> {
    const { base, kind } = this.#base();
    this.#change(base?.content.byteLength ?? 0);
    this.#sequence += 1;
    const id = pointId(`p${this.#sequence}`);
    const content = this.#content;
    this.#points.set(id, { content, sequence: this.#sequence, isFull: base === undefined, held: false });
    // Now and then in the same second as another: names must not meet.
    const at = new Date(Date.UTC(2026, 9, 4, 12, this.#integer(4) === 0 ? 1 : this.#sequence));
    await backUp(repository, { sequence: this.#sequence, content, kind, at, ...(base && { base }) });
    return `${kind} ${id} on ${base?.id ?? 'nothing'}, ${content.byteLength} bytes`;
  }

  async #abandon(repository: Repository): Promise<string> {
    const { base, kind } = this.#base();
    const content = changed(base?.content ?? this.#content, [{ at: 0, seed: 99 }]);
    const writer = await writeBackup(repository, {
      sequence: this.#sequence + 1,
      content,
      kind,
      ...(base && { base }),
    });
    await writer[Symbol.asyncDispose]();
    return `abandoned ${kind}`;
  }

  async #hold(repository: Repository): Promise<string> {
    const [id, point] = this.#pick();
    point.held = !point.held;
    await repository.maintenance?.annotate?.(id, { held: point.held });
    return `${point.held ? 'hold' : 'release'} ${id}`;
  }

  async #delete(repository: Repository): Promise<string> {
    const [id, { held }] = this.#pick();
    if (held) return `${id} is held`;
    this.#points.delete(id);
    await repository.maintenance?.delete(id);
    return `delete ${id}`;
  }

  async #consolidate(repository: Repository): Promise<string> {
    const [id] = this.#pick();
    await repository.maintenance?.consolidate?.({ kind: 'synthetic-full', point: id });
    return `synthetic full ${id}`;
  }

  async #merge(repository: Repository): Promise<string> {
    const points = new Map((await collect(repository.points())).map((point) => [point.id, point]));
    const [point] = this.#pick();
    const below: PointId[] = [];
    for (let id = points.get(point)?.parentId ?? null; id !== null; id = points.get(id)?.parentId ?? null) {
      below.push(id);
      if (this.#points.get(id)?.held) break;
    }
    const onto = below[this.#integer(below.length)];
    if (onto === undefined) return `${point} has nothing below`;
    for (const id of below.slice(0, below.indexOf(onto))) this.#points.delete(id);
    await repository.maintenance?.consolidate?.({ kind: 'merge', point, onto });
    return `merge ${point} onto ${onto}`;
  }

  async #prune(repository: Repository): Promise<string> {
    const last = 1 + this.#integer(4);
    const newest = [...this.#points].sort(([, a], [, b]) => b.sequence - a.sequence);
    for (const [id, { held }] of newest.slice(last)) if (!held) this.#points.delete(id);
    await repository.maintenance?.prune({ last });
    return `prune to the last ${last}`;
  }

  #base() {
    const choice = this.#isChain ? 4 : this.#integer(5);
    const candidates = [...this.#points].filter(
      ([, { content, isFull }]) => content.byteLength <= this.#content.byteLength && (choice !== 1 || isFull),
    );
    const [id, point] =
      (choice === 2 ? candidates[this.#integer(candidates.length)] : candidates.at(-1)) ?? [];
    if (choice === 0 || id === undefined || point === undefined) return { kind: 'full' } as const;
    const base = { id, content: point.content };
    return { base, kind: choice === 1 ? 'differential' : 'incremental' } as const;
  }

  #change(leastBytes: number): void {
    const clusters = Math.ceil(this.#content.byteLength / CLUSTER);
    const changes: Change[] = Array.from({ length: this.#integer(4) }, () => ({
      at: this.#integer(clusters),
      seed: this.#integer(3) === 0 ? 0 : 1 + this.#integer(1e9),
    }));
    const resize = this.#integer(6);
    const size = this.#content.byteLength;
    const grown = size + 512 * this.#integer(300);
    const shrunk = Math.max(leastBytes, 512, size - 512 * this.#integer(300));
    this.#content = changed(this.#content, changes, resize === 0 ? grown : resize === 1 ? shrunk : size);
  }

  #pick(): [PointId, ModelPoint] {
    return [...this.#points][this.#integer(this.#points.size)] ?? assert.fail('no point');
  }

  #integer(below: number): number {
    return seededInteger(this.#random, below);
  }
}
