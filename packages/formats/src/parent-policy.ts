/**
 * Which other files an image may make us open. An image is foreign bytes: by default (`none`) it opens nothing.
 * With `folders`, a parent or data file is opened when its real path lies in one of them (or below).
 */
export type ParentPolicy = 'none' | { readonly folders: readonly string[] };
