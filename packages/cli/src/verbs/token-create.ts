import { ROLES, type Role } from '@sendense/server/access';
import { type Command, Option } from 'commander';
import { describeToken } from '../output/describe-tokens.ts';
import { parseSpan, parseText } from '../program/flag-values.ts';
import type { Session } from '../session/session.ts';
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
    warnOfUnknown(session, tenant);
    const { token, record } = await openTokens(session).create({ role, tenant, name, expiresAt });
    return {
      json: { ...describeToken(record), token },
      lines: [token, 'It is not kept and cannot be shown again.'],
    };
  },
});

/** The token is made all the same: its tenant may be configured later. */
function warnOfUnknown({ config, log }: Session, tenant: string | null): void {
  if (tenant === null || Object.hasOwn(config.server.access?.tenants ?? {}, tenant)) return;
  const message = `the tenant ${JSON.stringify(tenant)} is not in the configuration: the token sees nothing until it is`;
  log({ level: 'warn', message, fields: {} });
}
