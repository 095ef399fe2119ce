//! Numbers of the NBD protocol, from doc/proto.md of NetworkBlockDevice/nbd and its extension-ext-header branch.

pub const GREETING_MAGIC: u64 = 0x4e42_444d_4147_4943;
pub const OPTION_MAGIC: u64 = 0x4948_4156_454f_5054;
pub const OPTION_REPLY_MAGIC: u64 = 0x0003_e889_0455_65a9;

/// Bits of the greeting and of the answer to it.
pub const FIXED_NEWSTYLE: u16 = 1;
pub const NO_ZEROES: u16 = 2;

pub const OPTION_EXPORT_NAME: u32 = 1;
pub const OPTION_START_TLS: u32 = 5;
pub const OPTION_GO: u32 = 7;
pub const OPTION_STRUCTURED_REPLY: u32 = 8;
pub const OPTION_SET_META_CONTEXT: u32 = 10;
pub const OPTION_EXTENDED_HEADERS: u32 = 11;

pub const REPLY_ACK: u32 = 1;
pub const REPLY_INFO: u32 = 3;
pub const REPLY_META_CONTEXT: u32 = 4;
/// Set in the types of all error replies.
pub const REPLY_ERROR: u32 = 1 << 31;
pub const ERROR_UNSUPPORTED: u32 = REPLY_ERROR | 1;
pub const ERROR_TLS_REQUIRED: u32 = REPLY_ERROR | 5;
pub const ERROR_UNKNOWN: u32 = REPLY_ERROR | 6;
pub const ERROR_SHUTDOWN: u32 = REPLY_ERROR | 7;

pub const INFO_EXPORT: u16 = 0;
pub const INFO_BLOCK_SIZE: u16 = 3;

pub const REQUEST_MAGIC: u32 = 0x2560_9513;
pub const EXTENDED_REQUEST_MAGIC: u32 = 0x21e4_1c71;
pub const SIMPLE_REPLY_MAGIC: u32 = 0x6744_6698;
pub const STRUCTURED_REPLY_MAGIC: u32 = 0x668e_33ef;
pub const EXTENDED_REPLY_MAGIC: u32 = 0x6e8a_278c;

/// Of a write, once extended headers are agreed on.
pub const FLAG_PAYLOAD_LENGTH: u16 = 1 << 5;
pub const FLAG_FUA: u16 = 1;

pub const CHUNK_DONE: u16 = 1;
pub const CHUNK_NONE: u16 = 0;
pub const CHUNK_DATA: u16 = 1;
pub const CHUNK_HOLE: u16 = 2;
pub const CHUNK_STATUS: u16 = 5;
pub const CHUNK_STATUS_EXTENDED: u16 = 6;
/// Set in the types of all error chunks.
pub const CHUNK_ERROR: u16 = 1 << 15;
pub const CHUNK_ERROR_OFFSET: u16 = CHUNK_ERROR | 2;

/// Bit of the flags of context `base:allocation`: the range reads as zeros.
pub const ALLOCATION_ZERO: u64 = 2;
pub const ALLOCATION_CONTEXT: &str = "base:allocation";

/// What a server says of an export, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportFlags(pub u16);

impl ExportFlags {
    fn has(self, bit: u32) -> bool {
        self.0 & (1 << bit) != 0
    }

    pub fn read_only(self) -> bool {
        self.has(1)
    }

    pub fn flush(self) -> bool {
        self.has(2)
    }

    pub fn fua(self) -> bool {
        self.has(3)
    }

    pub fn trim(self) -> bool {
        self.has(5)
    }

    pub fn write_zeroes(self) -> bool {
        self.has(6)
    }

    /// Several connections see one another's writes, and a flush of one counts for all.
    pub fn multi_connection(self) -> bool {
        self.has(8)
    }
}

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Command {
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    WriteZeroes = 6,
    BlockStatus = 7,
}

/// How requests and replies look, agreed on before the transmission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Simple,
    Structured,
    /// With 64-bit lengths.
    Extended,
}
