const REGION_AT = 0x21f8;
const USED_BYTES = 31_337;

/** A file of UEFI variables as machines of vSphere have it, not encrypted: 264 KiB, with bytes that follow from `seed` in its used part. */
export function variableStore(seed: number): Buffer {
  const file = Buffer.alloc(264 * 1024, 0xff);
  file.fill(0, 0, REGION_AT);
  file.write('MRVN', 0, 'latin1');
  file.writeUInt32LE(1, 4);
  for (let at = REGION_AT; at < REGION_AT + USED_BYTES; at += 1) file[at] = (at * 31 + seed * 101) % 251;
  file.write('VMWNVRAM', REGION_AT, 'latin1');
  file.writeUInt32LE(0, REGION_AT + 8);
  file.writeUInt32LE(USED_BYTES, REGION_AT + 12);
  return file;
}
