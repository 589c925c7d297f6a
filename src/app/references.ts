import type { ResolveReference } from '../capabilities/upstreams/index.ts';
import { InvalidRequest } from '../kernel/errors.ts';
import { defaultOrg, type OrgId } from '../kernel/principal.ts';
import { type Secrets, SecretUnavailable, vaultPlace } from '../platform/secrets/index.ts';

/** What the operator lets upstreams refer to that are added at run time. */
export interface Allowed {
  /** Values of the variables that may be named, for the default organisation only. */
  variables: Readonly<Record<string, string>>;
  /** By organisation: paths of the vault, `team/*` for all below, `team/crm#token` for one value. */
  vault: Readonly<Record<OrgId, readonly string[]>>;
}

/**
 * Puts values in the place of `${env:NAME}` and `${vault:path#key}` in what is added at run time. Only what the operator
 * listed, and for each organisation its own: whoever adds an upstream also says to which URL the value goes. Throws
 * `InvalidRequest` for all else, and `SecretUnavailable` where an allowed one cannot be had.
 */
export function createReferences(allowed: () => Allowed, secrets: Pick<Secrets, 'fetch' | 'lookUp'>): ResolveReference {
  return async (text, org) => {
    const found = [...text.matchAll(reference)].map(([, kind = '', name = '']) => ({ kind, name }));
    const { variables, vault } = allowed();
    const isAllowed = ({ kind, name }: { kind: string; name: string }) => {
      if (kind === 'env') return org === defaultOrg && Object.hasOwn(variables, name);
      return kind === 'vault' && isListed(name, Object.hasOwn(vault, org) ? vault[org] : undefined);
    };
    for (const one of found) if (!isAllowed(one)) throw refusal(one);
    await secrets.fetch(found.flatMap(({ kind, name }) => (kind === 'vault' ? [name] : [])));
    return text.replace(reference, (_, kind: string, name: string) => {
      if (kind === 'env') return variables[name] ?? '';
      const value = secrets.lookUp({ kind, name });
      if ('value' in value) return value.value;
      throw SecretUnavailable({ reason: value.fault });
    });
  };
}

const reference = /\$\{(\w+):([^{}]*)\}/g;

function refusal({ kind, name }: { kind: string; name: string }) {
  const place = kind === 'vault' ? 'secrets.vault.runtime' : 'runtimeVariables';
  return InvalidRequest({
    faults: `the reference to ${kind} ${name} is not allowed; the file lists what may be named under ${place}`,
  });
}

function isListed(name: string, list: readonly string[] = []): boolean {
  const place = vaultPlace(name);
  if (!place) return false;
  return list.some((entry) => {
    if (entry.includes('#')) return entry === name;
    return entry.endsWith('/*') ? place.path.startsWith(entry.slice(0, -1)) : entry === place.path;
  });
}
