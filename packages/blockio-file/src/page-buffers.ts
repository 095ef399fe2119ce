/** What writes past the page cache are laid out on, in the file and in memory. */
export const PAGE_BYTES = 4096;

/** Bytes of a page of WebAssembly's memory. */
const WASM_PAGE_BYTES = 65_536;

/** What is used of the global of that name, which Node's types leave out. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/**
 * Zeroed buffers that begin on memory pages where the engine allows it: JavaScript cannot ask for that, but memory of
 * WebAssembly is mapped by itself. Each begins on a multiple of {@link PAGE_BYTES} of its `ArrayBuffer`.
 */
export function createPageBuffers(count: number, bytes: number): readonly Uint8Array[] {
  const step = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  const memory = pageMemory(count * step);
  return Array.from({ length: count }, (_, index) => new Uint8Array(memory, index * step, bytes));
}

function pageMemory(bytes: number): ArrayBuffer {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
  } catch {
    return new ArrayBuffer(bytes); // no WebAssembly, or no addresses left for its guard pages: a matter of speed
  }
}
