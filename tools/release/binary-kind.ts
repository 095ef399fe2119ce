const ELF = 0x7f454c46;
const MACH_O_64 = 0xcffaedfe;
const MZ = 0x4d5a;
/** `e_machine` of ELF (System V ABI). */
const ELF_MACHINES = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);
/** `cputype` of Mach-O. */
const MACH_O_MACHINES = new Map([
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
]);
/** `Machine` of PE. */
const PE_MACHINES = new Map([[0x8664, 'x64']]);

/** The platform that a shared library is for, as the packages are named; `undefined` for anything else. */
export function binaryKind(bytes: Uint8Array): string | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.byteLength < 64) return undefined;
  if (file.readUInt32BE(0) === ELF) {
    // what a library of glibc needs; musl calls it otherwise
    const libc = file.includes('libc.so.6\0') ? 'gnu' : 'musl';
    return named('linux', ELF_MACHINES.get(file.readUInt16LE(18)), libc);
  }
  if (file.readUInt32BE(0) === MACH_O_64) return named('darwin', MACH_O_MACHINES.get(file.readUInt32LE(4)));
  if (file.readUInt16BE(0) !== MZ) return undefined;
  const header = file.readUInt32LE(0x3c);
  if (header + 6 > file.byteLength || file.toString('latin1', header, header + 4) !== 'PE\0\0')
    return undefined;
  return named('win32', PE_MACHINES.get(file.readUInt16LE(header + 4)), 'msvc');
}

function named(system: string, machine: string | undefined, suffix?: string): string | undefined {
  if (machine === undefined) return undefined;
  return suffix === undefined ? `${system}-${machine}` : `${system}-${machine}-${suffix}`;
}
