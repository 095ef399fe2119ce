import { violation } from '@sendense/plugin-kit/nbd';
import { EXTENDED_REQUEST_MAGIC, REQUEST_MAGIC } from './magics.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** How requests and replies look, agreed on before the transmission. `extended` has 64-bit lengths. */
export type HeaderStyle = 'simple' | 'structured' | 'extended';

/**
 * A request. `command` is of `Command`, `flags` of `CommandFlag`; a write is followed by `length` bytes. Parsed offsets and
 * lengths above 2^53-1 are rounded, see `WireReader.size`.
 */
export type NbdRequest = {
  readonly flags: number;
  readonly command: number;
  readonly cookie: bigint;
  readonly offset: number;
  readonly length: number;
};

/** Bytes of a request without its data. */
export function requestBytes(style: HeaderStyle): number {
  return style === 'extended' ? 32 : 28;
}

/** A request without its data. */
export function encodeRequest(request: NbdRequest, style: HeaderStyle): Uint8Array {
  const { flags, command, cookie, offset, length } = request;
  const extended = style === 'extended';
  const writer = new WireWriter(requestBytes(style))
    .u32(extended ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC)
    .u16(flags)
    .u16(command)
    .u64(cookie)
    .u64(offset);
  return (extended ? writer.u64(length) : writer.u32(length)).done();
}

/** Throws `PROTOCOL_VIOLATION` for a wrong magic; ranges are for the caller to check. */
export function parseRequest(bytes: Uint8Array, style: HeaderStyle): NbdRequest {
  const extended = style === 'extended';
  const reader = new WireReader(bytes, 'a request');
  if (reader.u32() !== (extended ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC)) {
    throw violation('sent a request without its magic');
  }
  const request = {
    flags: reader.u16(),
    command: reader.u16(),
    cookie: reader.u64(),
    offset: reader.size(),
    length: extended ? reader.size() : reader.u32(),
  };
  reader.end();
  return request;
}
