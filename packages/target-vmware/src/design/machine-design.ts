import { z } from 'zod';

/** Types of controllers that disks are put on. */
export const CONTROLLERS = {
  pvscsi: 'ParaVirtualSCSIController',
  'lsilogic-sas': 'VirtualLsiLogicSASController',
  lsilogic: 'VirtualLsiLogicController',
  sata: 'VirtualAHCIController',
  ide: 'VirtualIDEController',
  nvme: 'VirtualNVMEController',
} as const;

/** Types of network cards. */
export const CARDS = {
  vmxnet3: 'VirtualVmxnet3',
  vmxnet2: 'VirtualVmxnet2',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
  pcnet32: 'VirtualPCNet32',
} as const;

const controllerNames = ['pvscsi', 'lsilogic-sas', 'lsilogic', 'sata', 'ide', 'nvme'] as const;
const cardNames = ['vmxnet3', 'vmxnet2', 'e1000', 'e1000e', 'pcnet32'] as const;

/** The place of a disk on a controller. */
export const diskSeatSchema = z.object({
  controller: z.enum(controllerNames),
  bus: z.int().min(0).max(3),
  unit: z.int().min(0).max(63),
});

/** A network card as it will be. */
export const cardSchema = z.object({
  type: z.enum(cardNames),
  /** As it is in vSphere; `null` where vSphere makes one. */
  macAddress: z.string().nullable(),
  connected: z.boolean(),
  network: z.object({
    id: z.string(),
    type: z.string(),
    name: z.string(),
    distributed: z.object({ switchUuid: z.string(), portgroupKey: z.string() }).nullable(),
  }),
});

/** The machine that a restore makes, without its disks. */
export const machineDesignSchema = z.object({
  guestId: z.string().min(1),
  cpus: z.int().positive(),
  coresPerSocket: z.int().positive(),
  memoryMib: z.int().positive(),
  firmware: z.enum(['bios', 'efi']),
  secureBoot: z.boolean(),
  /** Whether it starts with the UEFI variables of the old machine. */
  variables: z.boolean().default(false),
  cards: z.array(cardSchema).max(10),
});

/** See {@link diskSeatSchema}. */
export type DiskSeat = z.infer<typeof diskSeatSchema>;
/** See {@link cardSchema}. */
export type CardDesign = z.infer<typeof cardSchema>;
/** See {@link machineDesignSchema}. */
export type MachineDesign = z.infer<typeof machineDesignSchema>;
