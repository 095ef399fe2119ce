import { type Call, type Finding, type PointId, throwIfAborted, type VerifyScope } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { packKey } from '../layout/object-keys.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import { atMostEvery } from './at-most-every.ts';
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
  /** Packs that were told. */
  readonly told: Set<string>;
};

/** Gives the packs that were found hurt; `undefined` when the time was over. */
export async function* verifyPoints(
  context: RepositoryContext,
  { scope, notes, progress, isOver, maps, told }: PointWalk,
  call?: Call,
): AsyncGenerator<Finding, ReadonlySet<string> | undefined> {
  const { clock } = context;
  let readBytes = 0;
  const tellBytes = () => call?.onProgress?.({ done: readBytes, total: null, unit: 'bytes' });
  const tellSomeBytes = atMostEvery(BYTES_MS, clock, tellBytes);
  const tellSome = atMostEvery(TELL_MS, clock, () => progress.tell());
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
  progress.tell();
  for (const record of progress.checked) await verifier.pass(record);
  for (const record of progress.left) {
    const { id } = record;
    throwIfAborted(call?.signal, 'verify-points');
    if (verifier.isOver) {
      yield stopped(id, 'before');
      return undefined;
    }
    const from = progress.placeIn(id);
    let { hurt } = from;
    onPlace = (place) => {
      progress.noteBegun(id, place, hurt);
      tellSome();
    };
    const walk = verifier.verify(record, from);
    let step = await walk.next();
    for (; step.done !== true; step = await walk.next()) {
      hurt = true;
      yield* await notes.settle(call);
      yield step.value;
    }
    yield* await notes.settle(call);
    yield* tellPacks(verifier.hurtPacks, told);
    if (step.value === undefined) progress.noteChecked(id);
    else progress.noteBegun(id, step.value, hurt);
    progress.tell();
    tellBytes();
    if (step.value !== undefined) {
      yield stopped(id, 'within');
      return undefined;
    }
    if (!hurt) yield verified(id, scope, progress);
  }
  return verifier.hurtPacks;
}

/** Packs that were found hurt since the last time. */
function* tellPacks(packs: ReadonlySet<string>, told: Set<string>): Generator<Finding> {
  for (const pack of packs) {
    if (told.has(pack)) continue;
    told.add(pack);
    const object = packKey(pack);
    const message = `a chunk in ${object} cannot be read; a full backup stores it again`;
    yield { severity: 'error', code: 'pack-damaged', message, object };
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
