import { roundUpSize, SIZE_RULES } from '../size-rules.ts';

/** The size of a new fixed disk: whole MiB. Throws `FORMAT_UNSUPPORTED` above 2040 GiB, for Azure above 32 TiB. */
export function fixedSize(askedBytes: number, azure: boolean): number {
  return roundUpSize(askedBytes, [azure ? SIZE_RULES.azure : SIZE_RULES['fixed-vhd']]);
}

/** The size of a new dynamic disk: whole sectors. Throws `FORMAT_UNSUPPORTED` above 2040 GiB. */
export function dynamicSize(askedBytes: number): number {
  return roundUpSize(askedBytes, [SIZE_RULES.vhd]);
}
