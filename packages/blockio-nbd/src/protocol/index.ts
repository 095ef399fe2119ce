export { errnoName, NbdErrno, OptionReplyType, violation } from '@sendense/plugin-kit/nbd';
export {
  type ErrorChunk,
  encodeDataOffset,
  encodeError,
  encodeHole,
  encodeStatus,
  HOLE_PAYLOAD_BYTES,
  MAX_ERROR_PAYLOAD_BYTES,
  maxStatusPayloadBytes,
  OFFSET_BYTES,
  parseError,
  parseHole,
  parseStatus,
  type StatusChunk,
  type StatusDescriptor,
} from './chunk-payload.ts';
export {
  AllocationFlag,
  CHUNK_DONE,
  ChunkType,
  Command,
  CommandFlag,
  DIRTY_FLAG,
  ExportFlag,
  HandshakeFlag,
  InfoType,
  OptionCode,
} from './codes.ts';
export { type BlockSizes, type ExportInfo, encodeInfo, parseInfo } from './export-info.ts';
export {
  EXPORT_NAME_ANSWER_BYTES,
  EXPORT_NAME_PADDING_BYTES,
  encodeExportNameAnswer,
  parseExportNameAnswer,
} from './export-name-option.ts';
export { encodeGo, type GoOption, parseGo } from './go-option.ts';
export {
  CLIENT_FLAGS_BYTES,
  encodeClientFlags,
  encodeGreeting,
  GREETING_BYTES,
  parseClientFlags,
  parseGreeting,
} from './greeting.ts';
export {
  DEFAULT_MAX_PAYLOAD_BYTES,
  MAX_OPTION_BYTES,
  MAX_SHORT_LENGTH,
  MAX_STATUS_DESCRIPTORS,
  MAX_STRING_BYTES,
} from './limits.ts';
export { encodeListedExport, type ListedExport, parseListedExport } from './list-option.ts';
export {
  encodeMetaContext,
  encodeMetaContextQuery,
  type MetaContext,
  type MetaContextQuery,
  parseMetaContext,
  parseMetaContextQuery,
} from './meta-context-option.ts';
export {
  encodeOption,
  encodeOptionReply,
  isOptionError,
  OPTION_HEADER_BYTES,
  OPTION_REPLY_HEADER_BYTES,
  type OptionHeader,
  type OptionReplyHeader,
  parseOptionHeader,
  parseOptionReplyHeader,
} from './option.ts';
export {
  type ChunkHeader,
  encodeChunkHeader,
  encodeSimpleReply,
  parseReplyHeader,
  REPLY_HEADER_BYTES,
  type ReplyHeader,
  replyKind,
  type SimpleReply,
} from './reply.ts';
export {
  encodeRequest,
  type HeaderStyle,
  type NbdRequest,
  parseRequest,
  requestBytes,
} from './request.ts';
export { utf8Bytes } from './wire-writer.ts';
