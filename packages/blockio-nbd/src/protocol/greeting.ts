import { violation } from '@sendense/plugin-kit/nbd';
import { HandshakeFlag } from './codes.ts';
import { GREETING_MAGIC, OLDSTYLE_MAGIC, OPTION_MAGIC } from './magics.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Bytes of a newstyle greeting. */
export const GREETING_BYTES = 18;
/** Bytes of the client's answer to the greeting. */
export const CLIENT_FLAGS_BYTES = 4;

/** The first message of a server. `flags` are of {@link HandshakeFlag}. */
export function encodeGreeting(flags: number): Uint8Array {
  return new WireWriter(GREETING_BYTES).u64(GREETING_MAGIC).u64(OPTION_MAGIC).u16(flags).done();
}

/** Flags of a greeting. Throws `PROTOCOL_VIOLATION` for what is no NBD server, or one that cannot take options. */
export function parseGreeting(bytes: Uint8Array): number {
  const reader = new WireReader(bytes, 'its greeting');
  if (reader.u64() !== GREETING_MAGIC) throw violation('does not speak NBD');
  const style = reader.u64();
  if (style === OLDSTYLE_MAGIC) throw violation('speaks only the oldstyle protocol of before 2013');
  if (style !== OPTION_MAGIC) throw violation('does not speak NBD');
  const flags = reader.u16();
  reader.end();
  if ((flags & HandshakeFlag.fixedNewstyle) === 0) {
    throw violation('speaks only the first newstyle protocol, which cannot answer options');
  }
  return flags;
}

/** The client's answer to the greeting. */
export function encodeClientFlags(flags: number): Uint8Array {
  return new WireWriter(CLIENT_FLAGS_BYTES).u32(flags).done();
}

/** Flags of a client. Throws `PROTOCOL_VIOLATION` for bits that are not known: the protocol asks servers to hang up. */
export function parseClientFlags(bytes: Uint8Array): number {
  const reader = new WireReader(bytes, 'its flags');
  const flags = reader.u32();
  reader.end();
  const known = HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes;
  if ((flags & ~known) !== 0) throw violation('set client flags that are not known', { flags });
  return flags;
}
