/** The privilege that switches change tracking on. */
export const TRACKING = 'VirtualMachine.Config.ChangeTracking';

/** The privileges of the guide that a full and an increment want, however the bytes of disks come. */
export const BACKUP_RIGHTS = [
  TRACKING,
  'VirtualMachine.State.CreateSnapshot',
  'VirtualMachine.State.RemoveSnapshot',
  'VirtualMachine.Provisioning.DiskRandomRead',
] as const;
