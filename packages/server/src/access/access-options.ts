import { z } from 'zod';
import { isLoopbackHost } from './loopback.ts';
import { ROLES } from './principal.ts';

/** Names a tenant in the configuration, in tokens and in claims. */
export const tenantNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be a plain name');

/** Signature algorithms by which only the issuer can sign: no `none`, no shared secrets (RFC 8725, 3.1 and 3.2). */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Where a claim lies in a token: its name, or the names of the objects around it and its own (`["realm_access", "roles"]`). */
const claimSchema = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(8).readonly()]);

/** `https`, or `http` to this machine: keys that come over an open network could be anybody's. */
const issuerSchema = z.string().refine(isTrustedUrl, 'must be an https URL (http only to this machine)');

const oidcSchema = z.strictObject({
  /** The issuer as its tokens name it; its discovery document lies below. */
  issuer: issuerSchema,
  /** What tokens for this server have in `aud`. */
  audience: z.string().min(1),
  algorithms: z
    .array(z.enum(SIGNATURE_ALGORITHMS))
    .min(1)
    .readonly()
    .default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  /** What tokens for this server have as `typ`, e.g. `at+jwt` (RFC 9068); absent: not looked at. */
  type: z.string().min(1).optional(),
  /** The claim with the caller's roles: one, or a list of which the most powerful counts. */
  roleClaim: claimSchema,
  /** Which role a value of that claim gives. A token without one of these values is refused. */
  roles: z.record(z.string().min(1), z.enum(ROLES)),
  /** The claim with the caller's one tenant; absent: every caller is of all tenants. */
  tenantClaim: claimSchema.optional(),
  /** Which tenant a value of that claim gives, `null` for all; absent: the value is the tenant's name. */
  tenants: z.record(z.string().min(1), tenantNameSchema.nullable()).optional(),
});

const names = z.array(z.string().min(1)).readonly();

const tenantSchema = z.strictObject({
  repositories: names.default([]),
  sources: names.default([]),
  targets: names.default([]),
  /** `machine_id` of backups. Names would not do: machines of two hypervisors may bear the same. */
  machines: z
    .array(
      z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be the machine_id of backups'),
    )
    .readonly()
    .optional(),
});

/** Who may call a server, beside the tokens in its state folder. */
export const accessOptionsSchema = z
  .strictObject({
    oidc: oidcSchema.optional(),
    tenants: z.record(tenantNameSchema, tenantSchema).default({}),
  })
  .superRefine((options, context) => {
    for (const problem of [...unnamedTenants(options), ...overlappingTenants(options)])
      context.addIssue({ code: 'custom', ...problem });
  });

/** See {@link accessOptionsSchema}. */
export type AccessOptions = z.output<typeof accessOptionsSchema>;

/** See {@link accessOptionsSchema}. */
export type OidcOptions = z.output<typeof oidcSchema>;

type TenantNames = z.output<typeof tenantSchema>;
type Parts = {
  readonly oidc?: unknown;
  readonly tenants: Readonly<Record<string, TenantNames>>;
};
type Problem = { readonly path: string[]; readonly message: string };

/** Whether keys that come from `url` are the ones that its host gave out. */
export function isTrustedUrl(url: string): boolean {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') return false;
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopbackHost(parsed.hostname));
}

/** With tenants, a caller of the issuer who is of none would see those of all of them. */
function unnamedTenants({ oidc, tenants }: Parts): Problem[] {
  const { tenantClaim } = (oidc ?? { tenantClaim: '' }) as Partial<OidcOptions>;
  if (tenantClaim !== undefined || Object.keys(tenants).length === 0) return [];
  return [
    {
      path: ['oidc', 'tenantClaim'],
      message: 'must name the claim that holds the tenant, as there are tenants',
    },
  ];
}

/** Two tenants of one repository that name the same machine would see each other's backups of it. */
function overlappingTenants({ tenants }: Parts): Problem[] {
  const all = Object.entries(tenants);
  return all.flatMap(([name, tenant], index) =>
    all.slice(0, index).flatMap(([other, earlier]) =>
      overlapsOf(tenant, earlier).map((what) => ({
        path: ['tenants', name, what],
        message: `must not name what the tenant ${other} names, as both have the same repository`,
      })),
    ),
  );
}

function overlapsOf(one: TenantNames, other: TenantNames): ('sources' | 'machines')[] {
  const haveCommon = (what: keyof TenantNames) =>
    one[what]?.some((name) => other[what]?.includes(name)) === true;
  return haveCommon('repositories') ? (['sources', 'machines'] as const).filter(haveCommon) : [];
}
