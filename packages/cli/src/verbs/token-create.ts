import { ROLES, type Role } from '@sendense/server/access';
import { type Command, Option } from 'commander';
import { describeToken } from '../output/describe-tokens.ts';
import { parseSpan, parseText } from '../program/flag-values.ts';
import { openTokens } from '../session/token-store.ts';
import { defineVerb } from '../verb.ts';

type Options = {
  readonly role: Role;
  readonly tenant?: string;
  readonly name?: string;
  /** Milliseconds. */
  readonly expiresIn?: number;
};

function flags(command: Command): Command {
  const role = new Option('--role <role>', 'what its bearer may do').choices(ROLES).makeOptionMandatory();
  return command
    .addOption(role)
    .option('--tenant <name>', 'whose things its bearer sees (default: those of all tenants)', parseText)
    .option('--name <text>', 'what it is for', parseText)
    .option(
      '--expires-in <span>',
      'how long it is good, such as 12h, 90d or 52w (default: until revoked)',
      parseSpan,
    );
}

/** `token create` */
export const tokenCreate = defineVerb<Options>({
  words: ['token', 'create'],
  summary: 'make an API token of the server; it is shown this once',
  flags,
  async run(session, { role, tenant = null, name = null, expiresIn }) {
    const expiresAt =
      expiresIn === undefined ? null : new Date(session.host.now().getTime() + expiresIn).toISOString();
    const { token, record } = await openTokens(session).create({ role, tenant, name, expiresAt });
    return {
      json: { ...describeToken(record), token },
      lines: [token, 'It is not kept and cannot be shown again.'],
    };
  },
});
