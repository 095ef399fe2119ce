import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { noteChange } from '../session/maintain.ts';
import { openRepository } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

/** `repository rebuild-catalog` */
export const repositoryRebuildCatalog = defineVerb<RepositoryOption>({
  words: ['repository', 'rebuild-catalog'],
  summary: 'read the catalog of points and chains back from a repository',
  flags: repositoryFlag,
  async run(session, options) {
    const catalog = await session.catalog('set-aside');
    const open = await openRepository(session, options);
    const { points, machines } = await catalog.points.rebuild([open.repository], session.call);
    await noteChange(session, open);
    const { setAside } = catalog;
    return {
      json: { points, machines, ...(setAside === undefined ? {} : { setAside }) },
      lines: [
        ...(setAside === undefined ? [] : [`the damaged catalog was kept as ${setAside}`]),
        `${points} points of ${machines} machines read back`,
      ],
    };
  },
});
