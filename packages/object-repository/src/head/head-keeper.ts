import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import type { RepositoryContext } from '../context.ts';
import { streamOf } from '../layout/object-keys.ts';
import { findRemoved } from '../maintain/removals.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import { type HeadState, type KnownPoint, knownPoint, parseHead, serializeHead } from './head-state.ts';
import { putBack } from './put-back.ts';
import type { TrustedHead } from './trusted-head.ts';

type Watched = Pick<RepositoryContext, 'store' | 'sealer' | 'points' | 'configuration' | 'clock' | 'log'>;

/** Compares a repository with what this client saw of it, and remembers what it sees; see the format, section 10. */
export class HeadKeeper {
  readonly #head: TrustedHead;
  readonly #context: Watched;
  readonly #alone = limitConcurrency(1);

  constructor(head: TrustedHead, context: Watched) {
    this.#head = head;
    this.#context = context;
  }

  /** Rejects with `CORRUPT` when a point that this client saw is gone and no pruner removed it; else remembers what is there. */
  check(call?: Call): Promise<void> {
    return this.#alone(() => this.#check(call), call?.signal);
  }

  /** Remembers a point that was committed now. Never rejects: the point is there. */
  keep(point: FoundPoint): Promise<void> {
    return this.#alone(async () => {
      await this.#unlessFailed(async () => {
        const head = await this.#load();
        const others = head?.points.filter(({ manifest }) => manifest !== point.manifestId) ?? [];
        const checkedAt = head?.checkedAt ?? this.#context.clock.now();
        await this.#save({ checkedAt, points: [...others, knownPoint(point)] });
      });
    });
  }

  async #check(call?: Call): Promise<void> {
    // Before the manifests: what another process of this client commits and saves meanwhile is listed, or not yet known.
    const head = await this.#load(call);
    const { points, late, damaged } = await this.#context.points.all(call);
    const there = new Set(points.map(({ manifestId }) => manifestId));
    const isThere = ({ manifest }: KnownPoint) => there.has(manifest);
    // One that is damaged, or looks late where somebody copied manifests within the store, is told as such.
    const lateOnes = new Set(late.map(({ manifestId }) => manifestId));
    const isHurt = ({ key, manifest }: KnownPoint) => damaged.has(key) || lateOnes.has(manifest);
    const known = head?.points ?? [];
    if (head !== undefined)
      await this.#refuseHidden(
        head,
        known.filter((point) => !isThere(point) && !isHurt(point)),
        call,
      );
    const before = new Set(known.map(({ manifest }) => manifest));
    await this.#unlessFailed(async () => {
      const later = (await this.#load(call))?.points.filter(({ manifest }) => !before.has(manifest)) ?? [];
      const unlisted = [...known.filter(isHurt), ...later].filter((point) => !isThere(point));
      const checkedAt = this.#context.clock.now();
      await this.#save({ checkedAt, points: [...newestOf(points), ...unlisted] }, call);
    }, call);
  }

  /** After the manifests: a removal is there before the manifest goes. */
  async #refuseHidden(head: HeadState, absent: readonly KnownPoint[], call?: Call): Promise<void> {
    if (absent.length === 0) return;
    const removed = await findRemoved(
      this.#context,
      absent.map(({ manifest }) => manifest),
      call,
    );
    const hidden = absent.filter(({ manifest }) => !removed.has(manifest));
    const { store, configuration, clock } = this.#context;
    const place = this.#head.locate(configuration.id);
    if (hidden.length > 0) throw putBack(hidden, { location: store.location, place, head, now: clock.now() });
  }

  async #load(call?: Call): Promise<HeadState | undefined> {
    const { id } = this.#context.configuration;
    const saved = await this.#head.load(id, call);
    return saved === undefined ? undefined : parseHead(id, saved, this.#head.locate(id));
  }

  async #save(head: HeadState, call?: Call): Promise<void> {
    const { id } = this.#context.configuration;
    await this.#head.save(id, serializeHead(id, head), call);
  }

  /** A head that is not saved detects less, and that is told; nothing else is the worse for it. */
  async #unlessFailed(save: () => Promise<void>, call?: Call): Promise<void> {
    try {
      await save();
    } catch (error) {
      throwIfAborted(call?.signal, 'save-trusted-head');
      const { message } = SendenseError.is(error) ? error : { message: String(error) };
      const fields = { place: this.#head.locate(this.#context.configuration.id) };
      this.#context.log({
        level: 'warn',
        message: `what was seen of the repository is not remembered: ${message}`,
        fields,
      });
    }
  }
}

/** The newest point of each stream. */
function newestOf(points: readonly FoundPoint[]): readonly KnownPoint[] {
  const newest = new Map<string, FoundPoint>();
  for (const point of points) {
    const stream = streamOf(point.key);
    const other = newest.get(stream);
    if (other === undefined || other.key < point.key) newest.set(stream, point);
  }
  return [...newest.values()].map(knownPoint);
}
