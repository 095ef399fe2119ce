import { blockReaderConformance } from '../block-device/block-reader-conformance.ts';
import { type Runner, registerCases } from '../case.ts';
import { Cleanup } from '../cleanup.ts';
import { chainCases } from './chain-cases.ts';
import { commitCases } from './commit-cases.ts';
import { historyCases } from './history-cases.ts';
import { maintenanceCases } from './maintenance-cases.ts';
import { optionalCases } from './optional-cases.ts';
import { writePoint } from './point-work.ts';
import { queryCases } from './query-cases.ts';
import { openRepositoryContext, type RepositorySubject } from './repository-subject.ts';
import { repositoryTraitCases } from './repository-trait-cases.ts';
import { verifyCases } from './verify-cases.ts';

/** The cases of every repository, as data. */
export const repositoryCases = [
  ...queryCases,
  ...commitCases,
  ...chainCases,
  ...maintenanceCases,
  ...optionalCases,
  ...verifyCases,
  ...historyCases,
  ...repositoryTraitCases,
];

/** Registers the cases of a repository, and of the readers of its points, with a test runner. */
export function repositoryConformance(runner: Runner, subject: RepositorySubject): void {
  const { name } = subject;
  const declared = { ...subject.capabilities, annotate: true, consolidate: true, ...subject.offers };
  registerCases(runner, `${name}: repository`, repositoryCases, declared, () =>
    openRepositoryContext(subject),
  );
  blockReaderConformance(runner, {
    name: `${name}: disk of a point`,
    capabilities: subject.reader,
    async open(content) {
      const cleanup = new Cleanup();
      const { repository } = cleanup.add(await subject.open());
      cleanup.add(repository);
      const { id } = await writePoint(repository, { disks: { 'disk-a': { content } } });
      const point = cleanup.add(await repository.open(id));
      const [disk] = point.disks;
      if (disk === undefined) throw new TypeError('the point has no disk');
      return { reader: disk.reader, [Symbol.asyncDispose]: () => cleanup.close() };
    },
  });
}
