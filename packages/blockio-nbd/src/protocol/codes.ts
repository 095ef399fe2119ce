/** Bits of the server's greeting. */
export const HandshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

/** Options that a client may send. */
export const OptionCode = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
  extendedHeaders: 11,
} as const;

/** Kinds of information in the replies to `info` and `go`. */
export const InfoType = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

/** What a server says of an export, as bits. */
export const ExportFlag = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  flush: 1 << 2,
  fua: 1 << 3,
  rotational: 1 << 4,
  trim: 1 << 5,
  writeZeroes: 1 << 6,
  dontFragment: 1 << 7,
  multiConnection: 1 << 8,
  resize: 1 << 9,
  cache: 1 << 10,
  fastZero: 1 << 11,
  blockStatusPayload: 1 << 12,
} as const;

/** Types of requests. */
export const Command = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

/** Bits of a request. `payloadLength` is set on every write once extended headers are agreed on. */
export const CommandFlag = {
  fua: 1 << 0,
  noHole: 1 << 1,
  dontFragment: 1 << 2,
  requestOne: 1 << 3,
  fastZero: 1 << 4,
  payloadLength: 1 << 5,
} as const;

/** Types of the chunks of structured and extended replies. Errors have bit 15 set. */
export const ChunkType = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  blockStatusExtended: 6,
  error: 0x8001,
  errorOffset: 0x8002,
} as const;

/** Bit of a chunk: the last one of its reply. */
export const CHUNK_DONE = 1;

/** Bits of the flags of context `base:allocation`. */
export const AllocationFlag = { hole: 1, zero: 2 } as const;

/** Bit of the flags of contexts `qemu:dirty-bitmap:…`. */
export const DIRTY_FLAG = 1;
