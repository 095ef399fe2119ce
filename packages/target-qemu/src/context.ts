import type { PluginServices } from '@sendense/core';
import type { VirshSession } from '@sendense/platform-kvm/virsh';
import type { FileSystem, ImageLocks } from '@sendense/plugin-kit/files';
import type { LibvirtHost } from './host/libvirt-host.ts';
import type { CheckedOptions } from './options.ts';

/** What the target takes from its host; tests replace any of it. */
export type QemuTargetServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: PluginServices['clock'];
  readonly random?: PluginServices['random'];
  readonly temporaryDirectory?: string;
  /** The first that can write a file or device does; see target-image. */
  readonly drivers?: PluginServices['drivers'];
  /** Tells who else holds an image; the locks of QEMU on Linux when not given. */
  readonly imageLocks?: ImageLocks;
  /** How libvirt is spoken to; a `virsh` for the URI of the options when not given. The target closes it. */
  readonly virsh?: Pick<VirshSession, 'run' | typeof Symbol.asyncDispose>;
};

/** What every step of one target shares. */
export type TargetContext = Required<Omit<QemuTargetServices, 'virsh'>> & {
  readonly options: CheckedOptions;
  readonly host: LibvirtHost;
};
