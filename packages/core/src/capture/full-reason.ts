/** Why a full was made, with the sentence that users see. */
export const FULL_REASONS = {
  'first-backup': 'this is the first backup of the disk to this destination',
  'no-change-tracking': 'the source keeps no record of changes for this disk',
  'tracking-lost': 'the record of changes since the last backup is gone',
  'tracking-inconsistent': 'the record of changes was damaged by an unclean stop',
  'state-expired': 'the baseline of the last backup has expired',
  'state-unreadable': 'the stored baseline cannot be read by this version',
  'machine-reverted': 'the machine was reverted to an earlier snapshot',
  'disk-resized': 'the disk has another size than at the last backup',
  'disk-replaced': 'the disk is not the one of the last backup',
  'parent-missing': 'the point that the increment would build on is not there',
  'audit-failed': 'a check found changed data outside the reported changes',
  policy: 'the policy asks for a full now',
  requested: 'a full was asked for',
  'repository-requires': 'the repository needs a full here',
} as const;

/** A code of {@link FULL_REASONS}, or one of a newer version, shown as it is. */
export type FullReason = keyof typeof FULL_REASONS | (string & {});

/** The sentence of a reason; an unknown reason is its own text. */
export function fullReasonText(reason: FullReason): string {
  return Object.hasOwn(FULL_REASONS, reason) ? FULL_REASONS[reason as keyof typeof FULL_REASONS] : reason;
}
