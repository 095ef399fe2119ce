import { formatBytes } from '../output/human-size.ts';
import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { openRepository } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

/** `repository usage` */
export const repositoryUsage = defineVerb<RepositoryOption>({
  words: ['repository', 'usage'],
  summary: 'show what a repository holds and takes',
  flags: repositoryFlag,
  async run(session, options) {
    const { repository } = await openRepository(session, options);
    const usage = await repository.usage(session.call);
    return {
      json: { repositoryId: repository.id, ...usage },
      lines: [
        `points     ${usage.points} of ${usage.machines} machines`,
        `stored     ${formatBytes(usage.storedBytes)}`,
        `logical    ${formatBytes(usage.logicalBytes)}`,
        `available  ${room(usage.availableBytes)} of ${room(usage.totalBytes)}`,
      ],
    };
  },
});

function room(bytes: number | null): string {
  return bytes === null ? 'not limited' : formatBytes(bytes);
}
