import type { Finding } from '@sendense/core';
import type { Layer } from '../chain/layer.ts';
import { VhdFixedLayer, VhdLayer } from './vhd-layer.ts';

/** When a file was changed last, as its footer and its folder say, and when its parent was, as it noted. */
export type ParentTimes = { readonly own: readonly number[]; readonly parent?: number };

/** Programs take the time of a file or of its footer, and file systems round. */
const TOLERANCE_SECONDS = 2;

/** A child notes when its parent was changed last. Copies have other times: where none agrees, that is worth telling. */
export function parentTimeWarnings(layers: readonly Layer[]): Finding[] {
  const warnings: Finding[] = [];
  for (const [index, layer] of layers.entries()) {
    const noted = timesOf(layer)?.parent;
    const parent = layers[index + 1];
    const times = timesOf(parent)?.own;
    if (noted === undefined || parent === undefined || times === undefined) continue;
    if (times.some((time) => Math.abs(time - noted) <= TOLERANCE_SECONDS)) continue;
    const message = `${layer.data.path} notes another time of the last change of its parent ${parent.data.path}: if that was written to since, the disk is damaged`;
    warnings.push({ severity: 'warning', code: 'parent-time-differs', message });
  }
  return warnings;
}

function timesOf(layer: Layer | undefined): ParentTimes | undefined {
  return layer instanceof VhdLayer || layer instanceof VhdFixedLayer ? layer.times : undefined;
}
