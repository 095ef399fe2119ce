import { type Call, type Finding, type PointId, throwIfAborted, type VerifyScope } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import { atMostEvery } from './at-most-every.ts';
import { DamageTeller } from './damage-teller.ts';
import { type MapRequest, MapVerifier } from './verify-map.ts';
import type { VerifyProgress } from './verify-progress.ts';

/** How often it tells how far it is within a point, at most. */
const TELL_MS = 1000;
/** How often it tells the bytes that it read, at most. */
const BYTES_MS = 250;

/** The points of a verification, and by what their maps are walked. */
export type PointWalk = {
  readonly scope: VerifyScope;
  readonly notes: DamageNotes;
  readonly progress: VerifyProgress;
  /** Whether the time is over. */
  readonly isOver: () => boolean;
  readonly maps: Pick<MapRequest, 'table' | 'lost' | 'gone' | 'notes' | 'doubted'>;
};

/** Gives the packs that were found hurt; `undefined` when the time was over. */
export async function* verifyPoints(
  context: RepositoryContext,
  { scope, notes, progress, isOver, maps }: PointWalk,
  call?: Call,
): AsyncGenerator<Finding, ReadonlySet<string> | undefined> {
  let readBytes = 0;
  const tellBytes = () => call?.onProgress?.({ done: readBytes, total: null, unit: 'bytes' });
  const tellSomeBytes = atMostEvery(BYTES_MS, context.clock, tellBytes);
  const tellSome = atMostEvery(TELL_MS, context.clock, () => progress.tell());
  let onPlace: MapRequest['onPlace'] = () => undefined;
  const request: MapRequest = {
    ...maps,
    isSampled: (id) => scope.depth === 'data' && progress.isSampled(id),
    isOver,
    onPlace: (place) => onPlace(place),
    onBytes: (read) => {
      readBytes = read;
      tellSomeBytes();
    },
  };
  const verifier = new MapVerifier(context, request, call);
  const teller = new DamageTeller(verifier.hurtPacks, notes, progress);
  const { digest: doubts } = maps.doubted;
  tellSome();
  yield* passChecked(verifier, teller, progress, call);
  for (const point of progress.left) {
    const { id } = point.record;
    throwIfAborted(call?.signal, 'verify-points');
    if (verifier.isOver) {
      yield stopped(id, 'before');
      return undefined;
    }
    const from = progress.placeIn(point);
    let { hurt } = from;
    onPlace = (place) => {
      if (teller.isBehind) return;
      progress.noteBegun(point, place, hurt, doubts);
      tellSome();
    };
    const walk = verifier.verify(point.record, from);
    let step = await walk.next();
    for (; step.done !== true; step = await walk.next()) {
      hurt = true;
      yield* teller.tell(step.value, call);
    }
    yield* teller.tell(undefined, call);
    if (step.value !== undefined) {
      progress.noteBegun(point, step.value, hurt, doubts);
      tellBytes();
      yield stopped(id, 'within');
      return undefined;
    }
    if (hurt) progress.noteHurt(point);
    progress.noteChecked(point);
    tellSome();
    tellBytes();
    if (!hurt) yield verified(id, scope, progress);
  }
  return verifier.hurtPacks;
}

/** Goes over the points that were gone through: what is gone of them since is told. */
async function* passChecked(
  verifier: MapVerifier,
  teller: DamageTeller,
  progress: VerifyProgress,
  call?: Call,
): AsyncGenerator<Finding> {
  for (const point of progress.checked) {
    let isHurt = progress.isHurt(point);
    for await (const finding of verifier.pass(point.record, isHurt)) {
      isHurt = true;
      yield* teller.tell(finding, call);
    }
    if (isHurt) progress.noteHurt(point);
  }
}

function stopped(point: PointId, where: 'before' | 'within'): Finding {
  const message = `the time was over ${where} point ${point}`;
  return { severity: 'warning', code: 'verify-stopped', message, point };
}

function verified(point: PointId, { depth }: VerifyScope, { sample }: VerifyProgress): Finding {
  const percent = Number((sample * 100).toPrecision(3));
  const message =
    depth === 'structure'
      ? `all that point ${point} needs is there; its data was not read`
      : sample < 1
        ? `point ${point} is whole in the ${percent} % of its data that were read`
        : `point ${point} is whole`;
  return { severity: 'info', code: 'point-verified', message, point };
}
