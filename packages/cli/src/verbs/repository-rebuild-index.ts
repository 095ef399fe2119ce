import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { openObjects } from '../session/object-maintenance.ts';
import { defineVerb } from '../verb.ts';

/** `repository rebuild-index` */
export const repositoryRebuildIndex = defineVerb<RepositoryOption>({
  words: ['repository', 'rebuild-index'],
  summary:
    'make the index of an object repository anew from its packs, after index objects were hidden or damaged; backups may run meanwhile',
  flags: repositoryFlag,
  async run(session, options) {
    const lack = 'has no index of chunks: each image says itself what it holds';
    const { maintenance } = await openObjects(session, options, lack);
    const { packs, young, findings } = await maintenance.rebuildIndex(session.call);
    const isHurt = findings.some(({ severity }) => severity === 'error');
    return {
      json: { packs, young, findings: describeFindings(findings) },
      lines: [
        ...findingLines(findings),
        `the index names ${packs} packs`,
        ...(young === 0
          ? []
          : [`${young} of them are new: no backup relies on them before they are as old as the grace`]),
        '"sendense-ctl verify" tells whether points are hurt',
      ],
      exitCode: isHurt ? 3 : 0,
    };
  },
});
