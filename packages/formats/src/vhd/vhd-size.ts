import { roundUpSize, SIZE_RULES } from '../size-rules.ts';
import { AZURE_UNIT_BYTES } from './constants.ts';

/** A fixed VHD for every reader: whole MiB, so that Azure takes it, too, and no larger than VHD is defined. */
const FIXED_RULE = { ...SIZE_RULES.vhd, multipleBytes: AZURE_UNIT_BYTES };

/** The size of a new fixed disk: whole MiB. Throws `FORMAT_UNSUPPORTED` above 2040 GiB, for Azure above 32 TiB. */
export function fixedSize(askedBytes: number, azure: boolean): number {
  return roundUpSize(askedBytes, [azure ? SIZE_RULES.azure : FIXED_RULE]);
}

/** The size of a new dynamic disk: whole sectors. Throws `FORMAT_UNSUPPORTED` above 2040 GiB. */
export function dynamicSize(askedBytes: number): number {
  return roundUpSize(askedBytes, [SIZE_RULES.vhd]);
}
