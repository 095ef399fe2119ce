import type { Capture } from '../capture/capture.ts';
import { Gate } from './gate.ts';
import { guardArtifact, guardDiskView } from './guard-disk-view.ts';
import { guardOnce } from './guard-once.ts';

/** A capture whose views and artifacts are closed with it. */
export const guardCapture = guardOnce<Capture>((inner) => {
  const gate = new Gate('capture');
  const { instant, consistency, spec, skipped, findings, otherBaselines } = inner;
  return {
    ...(otherBaselines === undefined ? {} : { otherBaselines }),
    instant,
    consistency,
    spec,
    skipped,
    findings,
    disks: inner.disks.map((view) => guardDiskView(view, gate)),
    artifacts: inner.artifacts.map((artifact) => guardArtifact(artifact, gate)),
    seal: (call) => gate.effect('seal-capture', call, undefined, () => inner.seal(call)),
    commit: (call) => gate.effect('commit-capture', call, undefined, () => inner.commit(call)),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});
