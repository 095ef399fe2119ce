import { violation } from '@sendense/plugin-kit/nbd';
import { MAX_OPTION_BYTES } from './limits.ts';
import { OPTION_MAGIC, OPTION_REPLY_MAGIC } from './magics.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Bytes before the data of an option. */
export const OPTION_HEADER_BYTES = 16;
/** Bytes before the data of a reply to an option. */
export const OPTION_REPLY_HEADER_BYTES = 20;

/** `option` is of `OptionCode` or unknown. */
export type OptionHeader = { readonly option: number; readonly dataBytes: number };

/** `type` is of `OptionReplyType` or unknown; with bit 31 it is an error and its data a message. */
export type OptionReplyHeader = OptionHeader & { readonly type: number };

/** An option with its data. */
export function encodeOption(option: number, data: Uint8Array = new Uint8Array()): Uint8Array {
  return new WireWriter(OPTION_HEADER_BYTES + data.byteLength)
    .u64(OPTION_MAGIC)
    .u32(option)
    .u32(data.byteLength)
    .bytes(data)
    .done();
}

/** Throws `PROTOCOL_VIOLATION` for a wrong magic. The caller decides how long data may be. */
export function parseOptionHeader(bytes: Uint8Array): OptionHeader {
  const reader = new WireReader(bytes, 'the header of an option');
  if (reader.u64() !== OPTION_MAGIC) throw violation('sent an option without its magic');
  const header = { option: reader.u32(), dataBytes: reader.u32() };
  reader.end();
  return header;
}

/** A reply to an option with its data. */
export function encodeOptionReply(
  option: number,
  type: number,
  data: Uint8Array = new Uint8Array(),
): Uint8Array {
  return new WireWriter(OPTION_REPLY_HEADER_BYTES + data.byteLength)
    .u64(OPTION_REPLY_MAGIC)
    .u32(option)
    .u32(type)
    .u32(data.byteLength)
    .bytes(data)
    .done();
}

/** Throws `PROTOCOL_VIOLATION` for a wrong magic, another option than `asked`, or data beyond {@link MAX_OPTION_BYTES}. */
export function parseOptionReplyHeader(bytes: Uint8Array, asked: number): OptionReplyHeader {
  const reader = new WireReader(bytes, 'the header of a reply to an option');
  if (reader.u64() !== OPTION_REPLY_MAGIC) throw violation('sent a reply to an option without its magic');
  const header = { option: reader.u32(), type: reader.u32(), dataBytes: reader.u32() };
  reader.end();
  if (header.option !== asked) {
    throw violation(`answered option ${header.option} when asked ${asked}`, header);
  }
  if (header.dataBytes > MAX_OPTION_BYTES) {
    throw violation(`answered option ${asked} with ${header.dataBytes} bytes`, header);
  }
  return header;
}

/** Whether a reply to an option is an error. */
export function isOptionError(type: number): boolean {
  return type >= 0x80000000;
}
