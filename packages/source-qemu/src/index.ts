export type { HostBitmap, HostDisk, HostMachine, LiveInstant, MachineHost } from './host/machine-host.ts';
