import { systemServices } from '@sendense/core';
import { createLocalRepository } from '@sendense/repository-local';
import type { Command } from 'commander';
import { parseText } from '../program/flag-values.ts';
import { noteChange } from '../session/maintain.ts';
import { keepRepository, repositoryPath } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

/** `repository init` */
export const repositoryInit = defineVerb<{ readonly repository: string }>({
  words: ['repository', 'init'],
  summary: 'make an empty repository',
  flags: (command: Command) =>
    command.requiredOption(
      '--repository <repository>',
      'PATH, local:PATH or a name from the configuration',
      parseText,
    ),
  async run(session, options) {
    await session.catalog();
    const wanted = repositoryPath(session, options.repository);
    const open = keepRepository(
      session,
      await createLocalRepository({ path: wanted }, systemServices({ log: session.log })),
    );
    await noteChange(session, open);
    const { repository, path } = open;
    return {
      json: { repositoryId: repository.id, path },
      lines: [`repository ${repository.id} made in ${path}`],
    };
  },
});
