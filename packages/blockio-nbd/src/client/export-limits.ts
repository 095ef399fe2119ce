import { type BlockSizes, DEFAULT_MAX_PAYLOAD_BYTES } from '../protocol/index.ts';

/** A server that names no sizes may still stumble over less than a sector; the specification recommends these. */
const UNNAMED: BlockSizes = { minBytes: 512, preferredBytes: 4096, maxBytes: DEFAULT_MAX_PAYLOAD_BYTES };

/** The sizes that requests keep to. A server that calls its payloads unlimited is held to what every server takes. */
export function exportLimits(sizes: BlockSizes = UNNAMED): BlockSizes {
  const { minBytes, preferredBytes, maxBytes } = sizes;
  return { minBytes, preferredBytes, maxBytes: Math.min(maxBytes, DEFAULT_MAX_PAYLOAD_BYTES) };
}
