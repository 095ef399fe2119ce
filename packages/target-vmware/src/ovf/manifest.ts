/** A file of a package and its SHA-256 in hexadecimal digits. */
export type FileDigest = { readonly name: string; readonly sha256: string };

/** The manifest of a package: a line for each other file (DSP0243, "OVF package manifest"). */
export function serializeManifest(files: readonly FileDigest[]): string {
  return files.map(({ name, sha256 }) => `SHA256(${name})= ${sha256}\n`).join('');
}
