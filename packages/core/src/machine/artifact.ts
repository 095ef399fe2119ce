import type { Call } from '../values/call.ts';

/** The most bytes of one artifact. */
export const MAX_ARTIFACT_BYTES = 64 * 1024 * 1024;

/** What a machine has besides its disks. */
export type ArtifactName = 'nvram' | 'tpm-state' | 'native-config' | 'guest-state';

/** A small opaque file of a machine; a sensitive one goes only into an encrypted repository (invariant 13). */
export type Artifact = {
  readonly name: ArtifactName;
  readonly sensitive: boolean;
  readonly sizeBytes: number;
  /** The content. Must: have `sizeBytes` bytes; give the same bytes each time. */
  bytes(call?: Call): Promise<Uint8Array>;
};
