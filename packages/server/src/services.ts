import type {
  Call,
  Clock,
  Fence,
  Journal,
  LogSink,
  MachineKey,
  MachineRef,
  Repository,
  SourceConnector,
  TargetConnector,
} from '@sendense/core';
import type { Engine } from '@sendense/engine';
import type { FileRestore } from '@sendense/file-restore';
import type { FileMount } from './mounts/mounted-folders.ts';

/** Places of one kind, by the names of the host's configuration: clients name places, they never say where these are. */
export interface NamedPlaces<Place> {
  /** All names, in the order of the configuration. */
  readonly names: readonly string[];
  /** Opens the place with this name, one of `names`; whoever opened it closes it. */
  open(name: string, call?: Call): Promise<Place>;
}

/** An open source and the machine of it that its name stands for. */
export interface NamedMachine extends AsyncDisposable {
  readonly source: SourceConnector;
  readonly machine: MachineRef;
  /** Identity of the machine in repositories. */
  readonly machineKey: MachineKey;
}

/** What a server takes from its host, which knows the plugins: it imports none. */
export interface ServerServices {
  /** Runs the jobs. Its journal is what makes a job that was cut short go on. */
  readonly engine: Engine;
  /** Where the server keeps its jobs: durable, and that of the engine by preference. */
  readonly journal: Journal;
  /** The lease of this process. Default: a fence of the process. */
  readonly fence?: Fence;
  /** Whether another process, named by its `Fence.holder`, still lives. Default: asks this machine. */
  readonly isHolderAlive?: (holder: string) => boolean;
  readonly repositories: NamedPlaces<Repository>;
  /** Each is one machine: `vm_name` of the requests. */
  readonly sources: NamedPlaces<NamedMachine>;
  /** Default: none, nothing can be restored to. */
  readonly targets?: NamedPlaces<TargetConnector>;
  /** Told after points of a machine were made or removed, e.g. to bring a catalog up to date. Must not reject. */
  readonly pointsChanged?: (repository: Repository, machine: MachineKey) => Promise<void>;
  /** Default: one of its own as `browse` says, closed with the server. */
  readonly fileRestore?: FileRestore;
  /** Shows points as folders of this machine, where `mounts` is enabled. Default: `@sendense/file-mount`. */
  readonly fileMount?: FileMount;
  readonly log?: LogSink;
  readonly clock?: Clock;
}
