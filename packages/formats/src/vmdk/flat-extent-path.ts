/** Where the data of a `monolithicFlat` image lies: `NAME-flat.vmdk` beside its descriptor. */
export function flatExtentPath(descriptor: string): string {
  return descriptor.replace(/(\.vmdk)?$/i, '-flat.vmdk');
}
