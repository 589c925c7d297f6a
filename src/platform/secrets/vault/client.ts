import { isObject, JsonFault, parseJson } from '../../../kernel/json.ts';
import { readBounded } from '../../http/body.ts';
import { codeOf } from '../local.ts';
import { VaultTrouble } from './trouble.ts';

const maxAnswerBytes = 1024 * 1024;

/** The part of the settings that says where the vault is. */
export interface VaultAddress {
  address: string;
  namespace?: string | undefined;
  timeoutMs: number;
}

export type VaultFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface VaultRequest {
  method: 'GET' | 'POST' | 'PUT';
  /** Below `/v1`, not yet encoded. */
  path: string;
  token?: string;
  body?: Record<string, unknown>;
}

/** The HTTP API of HashiCorp Vault and OpenBao, version 1. Resolves with what a good answer says; throws `VaultTrouble`. */
export type VaultClient = (request: VaultRequest) => Promise<Record<string, unknown>>;

export function createVaultClient({ address, namespace, timeoutMs }: VaultAddress, fetch: VaultFetch): VaultClient {
  const base = `${address.replace(/\/+$/, '')}/v1/`;
  return async ({ method, path, token, body }) => {
    const response = await fetch(base + path.split('/').map(encodeURIComponent).join('/'), {
      method,
      headers: {
        'x-vault-request': 'true', // an agent in between may ask for it, against requests forged through others
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
        ...(token === undefined ? {} : { 'x-vault-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual', // a token goes nowhere but to the address that the operator wrote
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw unreachable(error);
    });
    const text = await readBounded(response, maxAnswerBytes).catch((error: unknown) => {
      throw unreachable(error);
    });
    const said = parsed(text.toString('utf8'));
    if (response.status === 204) return {};
    if (response.status === 200 && said !== undefined) return said;
    throw refusal(response.status, said);
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(text, { maxLength: maxAnswerBytes });
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

function unreachable(error: unknown): VaultTrouble {
  if (error instanceof Error && error.name === 'TimeoutError')
    return new VaultTrouble('away', 'the vault does not answer in time');
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const code = codeOf(inner);
  return new VaultTrouble('away', `the vault cannot be reached${/^[A-Z_]{3,60}$/.test(code) ? ` (${code})` : ''}`);
}

function refusal(status: number, said: Record<string, unknown> | undefined): VaultTrouble {
  if (status >= 300 && status < 400)
    return new VaultTrouble(
      'away',
      'the vault sends us to another node; secrets.vault.address has to name one that answers',
    );
  if (said === undefined) return new VaultTrouble('away', `what answers is no vault (${status})`);
  switch (status) {
    case 400:
      return new VaultTrouble('wrong', 'the vault does not take the request (400)');
    case 401:
    case 403:
      return new VaultTrouble('refused', `the vault refuses it (${status})`);
    case 404:
      return new VaultTrouble(
        'absent',
        isDeleted(said) ? 'it was deleted in the vault' : 'the vault has nothing there',
      );
    case 503:
      return new VaultTrouble('away', 'the vault is sealed or in maintenance (503)');
    default:
      return new VaultTrouble('away', `the vault answers ${status}`);
  }
}

/** A deleted or destroyed version of KV 2 is told with its metadata. */
function isDeleted({ data }: Record<string, unknown>): boolean {
  return isObject(data) && isObject(data.metadata);
}
