import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { type ApiDocument, shown } from './document.ts';
import { ImportFault } from './faults.ts';

interface Options {
  /** Where the document came from; undefined for a file and for one that was given as it is. */
  documentUrl?: string | undefined;
  /** What the settings say. */
  baseUrl?: string | undefined;
  /** Whether secrets or headers go with the requests. */
  sendsSecrets: boolean;
}

/** Where the API of a document is. */
export interface Servers {
  base: string;
  /** Of one operation. Throws `ImportFault` where that is elsewhere. */
  baseOf(item: JsonObject, operation: JsonObject): string;
}

/**
 * The address of the API: what the settings say, otherwise the first server of the document. Throws `ImportFault` where
 * neither is of use, and where a document would decide to which other host secrets go.
 */
export function findServers({ root }: ApiDocument, { documentUrl, baseUrl, sendsSecrets }: Options): Servers {
  const said = firstServer(root.servers) ?? '/';
  const base = baseUrl === undefined ? absolute(said, documentUrl) : new URL(baseUrl);
  if (!base) {
    throw unusable(`it says that the API is at ${shown(said)}, which is no address; set baseUrl to where the API is`);
  }
  const documentOrigin = documentUrl === undefined ? undefined : new URL(documentUrl).origin;
  if (baseUrl === undefined && sendsSecrets && documentOrigin !== undefined && documentOrigin !== base.origin) {
    const remedy = `if that is right, set baseUrl to it, so that secrets only go where you say`;
    throw unusable(`it says that the API is at ${shown(trimmed(base))}, another host than its own: ${remedy}`);
  }
  return {
    base: trimmed(base),
    baseOf(item, operation) {
      const own = firstServer(operation.servers) ?? firstServer(item.servers);
      if (own === undefined) return trimmed(base);
      const url = absolute(own, `${trimmed(base)}/`);
      if (url?.origin === base.origin) return trimmed(url);
      throw new ImportFault(
        'another host than that of the API',
        `${shown(own)}; import it by itself, with that baseUrl`,
      );
    },
  };
}

/** The URL of the first server, with the defaults of its variables. */
function firstServer(servers: unknown): string | undefined {
  const [first] = Array.isArray(servers) ? servers : [];
  if (!isObject(first) || typeof first.url !== 'string') return undefined;
  const variables = isObject(first.variables) ? first.variables : {};
  return first.url.replace(/\{([^{}]*)\}/g, (all, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isObject(variable) && typeof variable.default === 'string' ? variable.default : all;
  });
}

function absolute(url: string, against: string | undefined): URL | undefined {
  if (!URL.canParse(url, against)) return undefined;
  const parsed = new URL(url, against);
  return /^https?:$/.test(parsed.protocol) && !/[{}]|%7[BbDd]/.test(parsed.href) ? parsed : undefined;
}

function trimmed(url: URL): string {
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function unusable(detail: string): ImportFault {
  return new ImportFault('its OpenAPI document does not say where the API is', detail);
}
