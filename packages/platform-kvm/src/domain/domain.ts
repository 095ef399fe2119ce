/**
 * A libvirt domain as its XML says it (https://libvirt.org/formatdomain.html), as far as disks, network and firmware need
 * it. What is not here stays in the XML.
 */
export type Domain = {
  /** The hypervisor: `kvm`, or `qemu` for emulation. */
  readonly type: string;
  readonly name: string;
  /** Lower-case UUID; libvirt makes one for a new domain that has none. */
  readonly uuid: string | undefined;
  /** The XML is the one of a running domain. */
  readonly active: boolean;
  readonly memoryBytes: number | undefined;
  /** Most virtual processors. */
  readonly vcpus: number | undefined;
  readonly topology: CpuTopology | undefined;
  /** `x86_64`, `aarch64`, … */
  readonly architecture: string | undefined;
  /** Machine type, e.g. `pc-q35-7.2`. */
  readonly machine: string | undefined;
  readonly firmware: DomainFirmware;
  readonly tpm: DomainTpm | undefined;
  readonly disks: readonly DomainDisk[];
  readonly interfaces: readonly DomainInterface[];
};

/** Numbers of sockets, cores and threads. */
export type CpuTopology = {
  readonly sockets: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
};

/** What a domain boots with. */
export type DomainFirmware = {
  readonly kind: 'bios' | 'uefi' | 'uefi-secure';
  /** `<os firmware='efi'>`: libvirt chooses loader and template. */
  readonly automatic: boolean;
  /** Path of the loader, named or chosen by libvirt. */
  readonly loader: string | undefined;
  readonly nvram: DomainNvram | undefined;
};

/** Variables of UEFI. */
export type DomainNvram = {
  readonly path: string | undefined;
  readonly template: string | undefined;
  readonly format: string | undefined;
};

/** A trusted platform module. */
export type DomainTpm = {
  readonly model: string | undefined;
  /** `emulator`, `passthrough`, `external`. */
  readonly backend: string | undefined;
  /** `1.2` or `2.0`. */
  readonly version: string | undefined;
};

/** Where the bytes of a disk are. */
export type DiskSource =
  | { readonly type: 'file' | 'block' | 'dir'; readonly path: string }
  | { readonly type: 'volume'; readonly pool: string; readonly volume: string }
  | { readonly type: 'network'; readonly protocol: string; readonly name: string | undefined }
  | { readonly type: 'other'; readonly name: string };

/** An image below a disk's own. */
export type BackingImage = { readonly source: DiskSource; readonly format: string | undefined };

/** Address of a disk on its controller. */
export type DriveAddress = { readonly controller: number; readonly bus: number; readonly unit: number };

/** A `<disk>` element. */
export type DomainDisk = {
  readonly device: 'disk' | 'cdrom' | 'floppy' | 'lun';
  /** Name of the disk in the domain, e.g. `vda`; unique. */
  readonly target: string;
  /** `virtio`, `scsi`, `sata`, `ide`, `usb`, `fdc`, …; guessed from the name where it is not said. */
  readonly bus: string;
  /** `qcow2`, `raw`, … */
  readonly format: string | undefined;
  readonly cache: string | undefined;
  readonly discard: string | undefined;
  /** `undefined` for an empty drive. */
  readonly source: DiskSource | undefined;
  /** Nearest first. Libvirt knows it for a running domain, and for a stopped one where it is written down. */
  readonly backing: readonly BackingImage[];
  readonly readOnly: boolean;
  readonly shareable: boolean;
  /** Its writes are thrown away when the domain stops. */
  readonly transient: boolean;
  readonly bootOrder: number | undefined;
  readonly serial: string | undefined;
  readonly wwn: string | undefined;
  readonly sectorBytes: 512 | 4096;
  readonly address: DriveAddress | undefined;
  /** Name in the running hypervisor, e.g. `virtio-disk0`. */
  readonly alias: string | undefined;
};

/** An `<interface>` element. */
export type DomainInterface = {
  /** `network`, `bridge`, `user`, `direct`, … */
  readonly type: string;
  /** Name of the network, bridge or device that it is connected to. */
  readonly source: string | undefined;
  readonly macAddress: string | undefined;
  readonly model: string | undefined;
  readonly connected: boolean;
  readonly bootOrder: number | undefined;
};
