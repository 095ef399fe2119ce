/** Begins the region of UEFI variables in the file of a machine's firmware. */
const SIGNATURE = 'VMWNVRAM';

/** The signature, four bytes, and the length of the used part, little endian, from the signature on. */
const HEADER_BYTES = 16;
const LENGTH_AT = 12;

/**
 * Whether a file is one of UEFI variables as vSphere keeps them without encryption: behind the state of the BIOS it has a region of them
 * whose used part lies in the file. The form is not documented by VMware; this much of it the readers of virt-firmware and of the CERT
 * UEFI parser agree on. That an encrypted file has no such region is not verified with one that vSphere has made.
 */
export function isVariableStore(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = file.indexOf(SIGNATURE, 0, 'latin1');
  if (at < 0 || at + HEADER_BYTES > file.byteLength) return false;
  return at + file.readUInt32LE(at + LENGTH_AT) <= file.byteLength;
}
