import { z } from 'zod';
import { isVaultPath, vaultPlace } from '../platform/secrets/reference.ts';
import { ms, slug, webUrl } from './words.ts';

const mount = (fallback: string) =>
  z
    .string()
    .refine((path) => isVaultPath(path) && !path.startsWith('/'), 'must be a path without slashes at its ends')
    .default(fallback);

/** A path, one that ends with `/*` for all below, or one with `#key` for a single value. */
function isAllowance(text: string): boolean {
  if (text.includes('#')) return vaultPlace(text) !== undefined;
  const path = text.replace(/\/\*$/, '');
  return path !== '' && isVaultPath(path);
}

const vaultAuth = z.union([
  z.strictObject({
    token: z.string().min(1).describe('A token, by a reference of kind env or file; renewed as long as it can be'),
  }),
  z.strictObject({
    appRole: z
      .strictObject({
        roleId: z.string().min(1).describe('Id of the role'),
        secretId: z.string().min(1).describe('Its secret id, by a reference of kind env or file'),
        mount: mount('approle').describe('Where AppRole is enabled'),
      })
      .describe('Signs in by AppRole, and again when its token cannot be renewed'),
  }),
  z.strictObject({
    kubernetes: z
      .strictObject({
        role: z.string().min(1).describe('Name of the role'),
        tokenFile: z
          .string()
          .min(1)
          .default('/var/run/secrets/kubernetes.io/serviceaccount/token')
          .describe('File with the token of the service account; read at each sign-in'),
        mount: mount('kubernetes').describe('Where the Kubernetes method is enabled'),
      })
      .describe('Signs in as the service account of the pod, and again when its token cannot be renewed'),
  }),
]);

const vault = z.strictObject({
  address: webUrl.describe('Base address of Vault or OpenBao; https, but on loopback'),
  namespace: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\w/.-]+$/, 'must be the path of a namespace')
    .optional()
    .describe('Namespace, where there are any'),
  mount: mount('secret').describe('Where the KV version 2 engine is, whose secrets are named by their path alone'),
  auth: vaultAuth.describe('How it signs in: token, appRole or kubernetes'),
  caFile: z.string().min(1).optional().describe('PEM file of the authority of its certificate; relative to this file'),
  refreshEveryMs: ms.min(1_000).default(60_000).describe('How often a secret without a lease is read again'),
  staleForMs: ms
    .default(24 * 3_600_000)
    .describe('How long a value goes on counting while the vault does not give it; a lease ends it earlier'),
  timeoutMs: ms.max(60_000).default(5_000).describe('Longest wait for one answer of it'),
  runtime: z
    .record(slug, z.array(z.string().refine(isAllowance, 'must be a path such as team/crm, team/crm#token or team/*')))
    .default({})
    .describe(
      'By organisation: paths that its upstreams added at run time may refer to, `team/*` for all below; none by default',
    ),
});

export const secretsSettings = z.strictObject({
  vault: vault.optional().describe('Whom references of kind vault ask: HashiCorp Vault or OpenBao'),
});

export type VaultSettings = z.infer<typeof vault>;
export type SecretsSettings = z.infer<typeof secretsSettings>;
