import { SendenseError } from '../errors/sendense-error.ts';
import type { RepositoryCapabilities } from '../plugin/capabilities.ts';
import type { PointDraft } from '../repository/point-draft.ts';
import type { VerifyScope } from '../repository/queries.ts';
import type { Repository } from '../repository/repository.ts';
import { checkArray, checkCapability, checkCount, checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardMaintenance } from './guard-maintenance.ts';
import { guardOnce } from './guard-once.ts';
import { guardPointReader, guardPointWriter } from './guard-point.ts';

/** A repository that receives only what `Repository` promises it; its points are guarded too. */
export const guardRepository = guardOnce<Repository>((inner) => {
  const gate = new Gate('repository');
  const { specificationVersion, kind, id, capabilities, maintenance } = inner;
  return {
    specificationVersion,
    kind,
    id,
    capabilities,
    begin: (draft, fence, call) =>
      gate.open(
        'begin-point',
        call,
        () => {
          checkDraft(draft, capabilities);
          checkObject(fence, 'fence');
        },
        async () => guardPointWriter(await inner.begin(draft, fence, call)),
      ),
    points: (filter, call) => gate.iterate('list-points', call, undefined, () => inner.points(filter, call)),
    open: (point, options) =>
      gate.open(
        'open-point',
        options,
        () => checkText(point, 'point', 'open-point'),
        async () => guardPointReader(await inner.open(point, options)),
      ),
    verify: (scope, call) =>
      gate.iterate(
        'verify-points',
        call,
        () => checkVerifyScope(scope, capabilities),
        () => inner.verify(scope, call),
      ),
    usage: (call) => gate.query('measure-usage', call, undefined, () => inner.usage(call)),
    ...(maintenance && { maintenance: guardMaintenance(maintenance, gate) }),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

function wrongDraft(message: string, id: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, { operation: 'begin-point', context: { point: id } });
}

function checkVerifyScope(scope: VerifyScope, { partialVerify = false }: RepositoryCapabilities): void {
  checkObject(scope, 'scope');
  const { sample, budgetMs, resume } = scope;
  if ((sample ?? 1) !== 1 || budgetMs !== undefined || resume !== undefined)
    checkCapability(partialVerify, 'partialVerify', 'repository', 'verify-points');
  if (sample !== undefined && !(sample > 0 && sample <= 1))
    throw new SendenseError('RANGE_INVALID', `a sample of ${sample} is not above 0 and at most 1`, {
      operation: 'verify-points',
    });
  if (budgetMs !== undefined) checkCount(budgetMs, 'the budget of a verification', 1);
  if (resume !== undefined) checkText(resume, 'scope.resume', 'verify-points');
}

function checkDraft(draft: PointDraft, capabilities: RepositoryCapabilities): void {
  checkObject(draft, 'draft');
  checkText(draft.id, 'draft.id', 'begin-point');
  checkArray(draft.disks, 'draft.disks');
  if (draft.disks.length === 0) throw wrongDraft('a point needs at least one disk', draft.id);
  if (new Set(draft.disks.map((disk) => disk.id)).size < draft.disks.length)
    throw wrongDraft('a point has each disk once', draft.id);
  for (const disk of draft.disks) {
    checkCount(disk.sizeBytes, `the size of disk ${disk.id}`, 0);
    if (disk.base !== null)
      checkCapability(capabilities.incremental, 'incremental', 'repository', 'begin-point');
    if (disk.sizeBytes > capabilities.maxDiskBytes)
      throw new SendenseError(
        'UNSUPPORTED',
        `disk ${disk.id} has ${disk.sizeBytes} bytes; this repository takes ${capabilities.maxDiskBytes}`,
        { operation: 'begin-point', context: { disk: disk.id, maxDiskBytes: capabilities.maxDiskBytes } },
      );
  }
}
