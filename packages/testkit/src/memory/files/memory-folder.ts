import type { MemoryFile } from './memory-file.ts';

/** What a name means. */
export type MemoryNode = MemoryFile | MemoryFolder;

/** One change of a folder's names; the entries of one change are kept or lost together (a rename is atomic). */
type NameChange = readonly { readonly name: string; readonly node: MemoryNode | undefined }[];

/** A folder in memory that knows which of its names are durable. */
export class MemoryFolder {
  readonly names = new Map<string, MemoryNode>();
  #durable = new Map<string, MemoryNode>();
  #changes: NameChange[] = [];

  /** Applies one change: each name means its node from now on, or nothing. */
  change(entries: NameChange): void {
    this.#changes.push(entries);
    apply(this.names, entries);
  }

  sync(): void {
    this.#durable = new Map(this.names);
    this.#changes = [];
  }

  /** The names after a power loss: those that were synced, and of each later change whichever `keep` decides. */
  namesAfterPowerLoss(keep: () => boolean): ReadonlyMap<string, MemoryNode> {
    const names = new Map(this.#durable);
    for (const change of this.#changes) if (keep()) apply(names, change);
    return names;
  }
}

function apply(names: Map<string, MemoryNode>, entries: NameChange): void {
  for (const { name, node } of entries) {
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }
}
