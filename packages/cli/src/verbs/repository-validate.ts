import { SendenseError } from '@sendense/core';
import type { StoreReport } from '@sendense/object-repository/validate';
import { openStore, parseRepositoryPlace, type StorePlace } from '@sendense/quickstart';
import { describeValidation } from '../output/describe-validation.ts';
import { parseText } from '../program/flag-values.ts';
import { REPOSITORY_FORMS } from '../program/shared-flags.ts';
import { repositoryText } from '../session/open-repository.ts';
import type { Session } from '../session/session.ts';
import { folderAsItWas } from '../session/tidy-folder.ts';
import { defineVerb } from '../verb.ts';

/** `repository validate` */
export const repositoryValidate = defineVerb<{ readonly repository: string }>({
  words: ['repository', 'validate'],
  summary:
    'try whether storage keeps the promises that repositories of objects rely on; removes what it writes',
  flags: (command) => command.argument('<repository>', REPOSITORY_FORMS, parseText),
  async run(session, options) {
    const place = storeOf(session, options.repository);
    await using _ = await folderAsItWas(place);
    return describeValidation(await validate(session, place));
  },
});

function storeOf(session: Session, name: string): StorePlace {
  const place = parseRepositoryPlace(repositoryText(session, name), session.host.workingDirectory);
  if (place.kind !== 'local') return place;
  throw new SendenseError(
    'CONFIG_INVALID',
    `${place.path} is a folder of QCOW2 chains, not storage of objects`,
    {
      operation: 'validate-store',
      remedy: `write dir:${place.path} to try the folder as storage of objects; "sendense-ctl verify" checks chains`,
    },
  );
}

/** With two handles, as two processes would have them. */
async function validate(session: Session, place: StorePlace): Promise<StoreReport> {
  const { validateStore } = await import('@sendense/object-repository/validate');
  const open = async () => session.own(await openStore(place, session.host.env, { log: session.log }));
  const [store, other] = [await open(), await open()];
  return validateStore(store, { other }, session.call);
}
