/**
 * The kind of an address in lower case: vCenter refuses those that it gives itself where they are called manual. Of `generated` and
 * `assigned` ones the API says that the server may put others in their place, e.g. where another card has the same.
 */
export function addressType(macAddress: string | null): 'generated' | 'assigned' | 'manual' {
  if (macAddress === null || macAddress.startsWith('00:0c:29')) return 'generated';
  return /^00:50:56:[4-9a-f]/.test(macAddress) ? 'assigned' : 'manual';
}
