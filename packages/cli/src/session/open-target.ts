import { resolve } from 'node:path';
import { SendenseError, type TargetConnector } from '@sendense/core';
import { createImageTarget } from '@sendense/target-image';
import { unknownKind } from '../names/parse-name.ts';
import { findPlace, missingFlag, unknownName } from './named-places.ts';
import type { Session } from './session.ts';

/** A target as a restore job remembers it: plain JSON, so that another process can open it again. */
export type TargetPlace = {
  readonly kind: 'image';
  readonly path: string;
  readonly format: 'raw' | 'qcow2' | null;
};

/** The target that `name` stands for (default: the configured one). A path that ends in `/` is a folder. */
export function targetPlace(
  session: Session,
  name: string | undefined,
  format: 'raw' | 'qcow2' | undefined,
): TargetPlace {
  const wanted = name ?? session.config.defaults.target;
  if (wanted === undefined) throw missingFlag('target');
  const { inline, settings } = findPlace(session.config, 'target', wanted);
  if (inline === undefined) throw unknownName(session.config, 'target', wanted);
  if (inline.kind !== 'image') throw unknownKind('target', inline.kind, ['image']);
  if (inline.rest === '') {
    throw new SendenseError('CONFIG_INVALID', 'the target has no path', {
      operation: 'parse-name',
      remedy: 'write image:FILE for one disk, or image:FOLDER/ for several',
    });
  }
  const path = resolve(session.host.workingDirectory, inline.rest);
  const folder = inline.rest.endsWith('/') ? '/' : '';
  return { kind: 'image', path: path + folder, format: format ?? settings?.format ?? null };
}

/** Opens a target for the length of the session; nothing is ever written below `protect`. */
export async function openTarget(
  session: Session,
  place: TargetPlace,
  protect: readonly string[],
): Promise<TargetConnector> {
  const format = place.format === null ? {} : { format: place.format };
  const options = { path: place.path, protect: [...protect], ...format };
  return session.own(createImageTarget(options, await session.services()));
}
