/** The privileges of the package README that a restore may want. */
export const RESTORE_RIGHTS = [
  'VirtualMachine.Inventory.Create',
  'VirtualMachine.Inventory.Delete',
  'VirtualMachine.Config.AddNewDisk',
  'VirtualMachine.Config.AddExistingDisk',
  'VirtualMachine.Config.RemoveDisk',
  'VirtualMachine.Config.AddRemoveDevice',
  'VirtualMachine.Config.Rename',
  'VirtualMachine.Config.Annotation',
  'VirtualMachine.Config.AdvancedConfig',
  'VApp.Import',
  'Resource.AssignVMToPool',
  'Datastore.AllocateSpace',
  'Datastore.FileManagement',
  'Datastore.Browse',
  'Network.Assign',
  'VirtualMachine.Interact.PowerOn',
] as const;
