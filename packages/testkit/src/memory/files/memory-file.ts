import { DiskContent } from '../disk/disk-content.ts';

/** What happened to a file since its last sync. */
type FileChange =
  | { readonly kind: 'write'; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number };

/** Storage writes whole pages: one page of a write can be lost without the others. */
const PAGE_BYTES = 4096;

/** A file in memory that knows what of it is durable. */
export class MemoryFile {
  readonly identity: string;
  content: DiskContent;
  #durable: DiskContent;
  #changes: FileChange[] = [];

  constructor(identity: string, content = new DiskContent(0)) {
    this.identity = identity;
    this.content = content;
    this.#durable = content.snapshot();
  }

  write(offset: number, data: Uint8Array): void {
    this.#changes.push({ kind: 'write', offset, data: Uint8Array.from(data) });
    writeGrowing(this.content, offset, data);
  }

  truncate(sizeBytes: number): void {
    this.#changes.push({ kind: 'truncate', sizeBytes });
    this.content.resize(sizeBytes);
  }

  sync(): void {
    this.#durable = this.content.snapshot();
    this.#changes = [];
  }

  /** The file after a power loss: what was synced, and of each later change whichever pages `keep` decides. */
  afterPowerLoss(keep: () => boolean): MemoryFile {
    const content = this.#durable.snapshot();
    for (const change of this.#changes) {
      if (change.kind === 'truncate') {
        if (keep()) content.resize(change.sizeBytes);
      } else {
        for (let at = 0; at < change.data.byteLength; ) {
          const length = Math.min(
            PAGE_BYTES - ((change.offset + at) % PAGE_BYTES),
            change.data.byteLength - at,
          );
          if (keep()) writeGrowing(content, change.offset + at, change.data.subarray(at, at + length));
          at += length;
        }
      }
    }
    return new MemoryFile(this.identity, content);
  }
}

function writeGrowing(content: DiskContent, offset: number, data: Uint8Array): void {
  if (offset + data.byteLength > content.sizeBytes) content.resize(offset + data.byteLength);
  content.write(offset, data);
}
