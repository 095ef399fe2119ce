/** Bytes `[offset, offset + length)`. Both are safe integers, `length > 0` unless a clause says otherwise. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** `data` must be read (it may turn out to be zeros); `zero` is proven to read as zeros. */
export type ExtentKind = 'data' | 'zero';

/** A range of a disk and what is known of it. An unlisted range of a delta is unchanged (invariant 6). */
export type Extent = ByteRange & { readonly kind: ExtentKind };
