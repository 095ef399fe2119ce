// Numbers of the NBD protocol, from doc/proto.md of NetworkBlockDevice/nbd and its extension-ext-header branch.

/** Begins every conversation: `NBDMAGIC`. */
export const GREETING_MAGIC = 0x4e42444d41474943n;
/** Follows in the newstyle greeting and begins every option of a client: `IHAVEOPT`. */
export const OPTION_MAGIC = 0x49484156454f5054n;
/** Follows in the oldstyle greeting, which this package refuses. */
export const OLDSTYLE_MAGIC = 0x00420281861253n;
/** Begins every reply to an option. */
export const OPTION_REPLY_MAGIC = 0x0003e889045565a9n;

/** Begins a request. */
export const REQUEST_MAGIC = 0x25609513;
/** Begins a request with 64-bit lengths. */
export const EXTENDED_REQUEST_MAGIC = 0x21e41c71;
/** Begins a simple reply. */
export const SIMPLE_REPLY_MAGIC = 0x67446698;
/** Begins a chunk of a structured reply. */
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;
/** Begins a chunk of a reply with 64-bit lengths. */
export const EXTENDED_REPLY_MAGIC = 0x6e8a278c;
