import type { Call, Finding } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import { HAS_ERRORS, WAS_MOUNTED } from '../volumes/file-system-state.ts';
import type { FatLayout } from './boot-sector.ts';

/** Bits of the second entry of the table that are set while all is well ("Microsoft FAT Specification", FAT Volume Initialization). */
const BITS = {
  fat16: { unmounted: 0x8000, noErrors: 0x4000 },
  fat32: { unmounted: 0x0800_0000, noErrors: 0x0400_0000 },
} as const;
/** Where Linux sets its own bits while a volume is mounted (`state` in linux/msdos_fs.h). */
const STATE_AT = { fat12: 0x25, fat16: 0x25, fat32: 0x41 } as const;
const STATE = { mounted: 1, errors: 2 };

/** What a FAT volume says of how it was left. */
export async function readFatState(
  source: ByteSource,
  { kind, fatAt }: FatLayout,
  call?: Call,
): Promise<Finding[]> {
  const state = new Fields(await readBytes(source, 0, 512, call)).u8(STATE_AT[kind]);
  const table = new Fields(await readBytes(source, fatAt, 8, call));
  const second = kind === 'fat32' ? table.u32(4) : table.u16(2);
  const bits = kind === 'fat12' ? { unmounted: 0, noErrors: 0 } : BITS[kind];
  const isMounted = (state & STATE.mounted) !== 0 || (second & bits.unmounted) !== bits.unmounted;
  const hasErrors = (state & STATE.errors) !== 0 || (second & bits.noErrors) !== bits.noErrors;
  return [...(isMounted ? [WAS_MOUNTED] : []), ...(hasErrors ? [HAS_ERRORS] : [])];
}
