import type { Artifact, PointWriter } from '@sendense/core';
import type { BackupRun } from './backup-run.ts';

/** What the storing of artifacts takes of its run. */
export type ArtifactRun = Pick<BackupRun, 'job' | 'repository'> & {
  readonly request: Pick<BackupRun['request'], 'allowSensitiveArtifacts'>;
};

/** Stores the machine's artifacts; a sensitive one only where it is encrypted, or the caller allowed it (invariant 13). */
export async function storeArtifacts(
  run: ArtifactRun,
  artifacts: readonly Artifact[],
  writer: PointWriter,
): Promise<void> {
  const { job, repository, request } = run;
  for (const artifact of artifacts) {
    if (!artifact.sensitive || repository.capabilities.encryption) {
      await writer.artifact(artifact, { signal: job.signal });
      continue;
    }
    const allowed = request.allowSensitiveArtifacts === true;
    job.report({
      severity: 'warning',
      code: allowed ? 'sensitive-artifact-unencrypted' : 'sensitive-artifact-left-out',
      message: allowed
        ? `${artifact.name} is stored unencrypted, as allowed`
        : `${artifact.name} is not stored: the repository does not encrypt`,
      object: artifact.name,
    });
    // The writer refuses what is marked sensitive; the caller's leave is given here, once, and reported above.
    if (allowed) await writer.artifact({ ...artifact, sensitive: false }, { signal: job.signal });
  }
}
