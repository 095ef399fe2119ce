use crate::nbd::codes::{ExportFlags, Style};

/// Payload that every server takes when it says nothing of its limits.
const DEFAULT_MAX_PAYLOAD: u32 = 32 * 1024 * 1024;

/// Sizes that a server asks clients to keep to. `maximum` bounds payloads, not the length of trims and zeroes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSizes {
    pub minimum: u32,
    pub preferred: u32,
    pub maximum: u32,
}

impl BlockSizes {
    /// A server that names no sizes may still stumble over less than a sector; the specification recommends these.
    pub const UNNAMED: BlockSizes =
        BlockSizes { minimum: 512, preferred: 4096, maximum: DEFAULT_MAX_PAYLOAD };

    /// The sizes that the bounds of "Size constraints" in the specification allow; the floor of 512 for `preferred` is not
    /// enforced. A server that calls its payloads unlimited is held to what every server takes.
    pub fn checked(minimum: u32, preferred: u32, maximum: u32) -> Option<Self> {
        let sound = minimum.is_power_of_two()
            && minimum <= 65_536
            && preferred.is_power_of_two()
            && preferred >= minimum
            && maximum >= minimum;
        sound.then(|| BlockSizes { minimum, preferred, maximum: maximum.min(DEFAULT_MAX_PAYLOAD) })
    }

    /// The longest request of at most `most` bytes that lies on the server's grid.
    pub fn request_bytes(&self, most: u32) -> u64 {
        let most = most.min(self.maximum);
        let unit = if self.preferred <= most { self.preferred } else { self.minimum };
        u64::from((most - most % unit).max(unit))
    }
}

/// What was agreed on for the transmission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub size: u64,
    pub flags: ExportFlags,
    pub sizes: BlockSizes,
    pub style: Style,
    /// Number of context `base:allocation`, when it was granted.
    pub allocation: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_impossible_sizes() {
        for (minimum, preferred, maximum) in [
            (0, 512, 512),
            (3, 4, 9),
            (131_072, 131_072, 131_072),
            (512, 256, 512),
            (512, 1000, 4096),
            (512, 512, 256),
        ] {
            assert_eq!(BlockSizes::checked(minimum, preferred, maximum), None);
        }
    }

    #[test]
    fn cuts_requests_on_the_grid_of_the_server() {
        let bytes = |minimum, preferred, maximum| {
            BlockSizes::checked(minimum, preferred, maximum).unwrap().request_bytes(256 * 1024)
        };
        assert_eq!(bytes(1, 4096, u32::MAX), 256 * 1024);
        assert_eq!(bytes(4096, 8192, 20_480), 16_384);
        assert_eq!(bytes(512, 1 << 20, 1 << 20), 256 * 1024);
        assert_eq!(bytes(512, 4096, 1000), 512);
    }
}
