/** Longest string of the protocol (export names, contexts, messages), in bytes of UTF-8. */
export const MAX_STRING_BYTES = 4096;
/** Longest data of one option or of one reply to an option: a name, and room for as many contexts as anyone asks for. */
export const MAX_OPTION_BYTES = 64 * 1024;
/** Payload that every server takes when it says nothing of its own limits. */
export const DEFAULT_MAX_PAYLOAD_BYTES = 32 * 1024 * 1024;
/** Descriptors in one chunk of block status; the protocol asks servers not to send more. */
export const MAX_STATUS_DESCRIPTORS = 1 << 20;
/** Largest length of a request without extended headers. */
export const MAX_SHORT_LENGTH = 0xffffffff;
