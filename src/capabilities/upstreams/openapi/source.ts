import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { isWebAddress } from '../../../config/addresses.ts';
import type { OpenApiUpstreamSettings } from '../../../config/schema.ts';
import { ResponseTooLarge, readBounded } from '../../../platform/http/index.ts';
import { authorized, discardBody, refusedBy, withCredential } from '../authorized.ts';
import { reasonOf } from '../failures.ts';
import type { Authorizer, EgressPort } from '../types.ts';
import { ImportFault } from './faults.ts';

/** Largest document: several times that of the largest public APIs. */
const maxBytes = 64 * 1024 * 1024;

/** Where an OpenAPI document comes from, and whether it is still the one that was read last. */
export interface DocumentSource {
  /** Of the document, when it has one. */
  url: string | undefined;
  /** The document; undefined when it has not changed since it was read before. Throws `ImportFault`. */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** What was read last counts as never read. */
  forget(): void;
  /** Whether it is worth reading again at once; known of files alone. */
  mayHaveChanged(): Promise<boolean>;
}

interface Options {
  settings: OpenApiUpstreamSettings;
  egress: EgressPort;
  guarded: boolean;
  userAgent: string;
  /** Of Fairlead itself, for a document that the API does not give to everybody. */
  authorizer: Authorizer | undefined;
}

export function createSource({ settings, egress, guarded, userAgent, authorizer }: Options): DocumentSource {
  const { openapi } = settings;
  const url = typeof openapi === 'string' && isWebAddress(openapi) ? openapi : undefined;
  let digest: string | undefined;

  /** Undefined for what was seen last. */
  const unlessSeen = (bytes: Uint8Array): Uint8Array | undefined => {
    const before = digest;
    digest = createHash('sha256').update(bytes).digest('hex');
    return digest === before ? undefined : bytes;
  };

  const forget = () => {
    digest = undefined;
  };
  const mayHaveChanged = async () => false;

  if (typeof openapi !== 'string') {
    // It cannot change: with other settings this is another source.
    const read = async () => (digest === undefined ? unlessSeen(Buffer.from(JSON.stringify(openapi))) : undefined);
    return { url, read, forget, mayHaveChanged };
  }
  if (url !== undefined) {
    const document = createFetch(url, settings, { userAgent, authorizer }, (init) =>
      egress.fetch(url, { ...init, guarded }),
    );
    return {
      url,
      async read(signal) {
        const bytes = await document.read(signal);
        return bytes && unlessSeen(bytes);
      },
      forget() {
        forget();
        document.forget();
      },
      mayHaveChanged,
    };
  }
  let seen: string | undefined;
  return {
    url,
    async read() {
      seen = await looks(openapi);
      return unlessSeen(await readDocumentFile(openapi));
    },
    forget,
    async mayHaveChanged() {
      return (await looks(openapi)) !== seen;
    },
  };
}

function createFetch(
  url: string,
  { baseUrl, headers: own }: OpenApiUpstreamSettings,
  { userAgent, authorizer }: Pick<Options, 'userAgent' | 'authorizer'>,
  fetch: (init: RequestInit) => Promise<Response>,
) {
  // The API's headers may hold its secrets, so they go to the document's host only where the settings say that it is the same.
  const isApi = baseUrl !== undefined && new URL(baseUrl).origin === new URL(url).origin;
  let validators: Record<string, string> = {};
  const forget = () => {
    validators = {};
  };
  /** Without a credential first: most documents are for everybody, also where nobody has connected yet. */
  const fetched = async (headers: Record<string, string>, signal: AbortSignal): Promise<Response> => {
    const response = await fetch({ headers, signal });
    if (!isApi || !authorizer || !refusedBy(response)) return response;
    await discardBody(response);
    const send = (credential: Record<string, string>) =>
      fetch({ headers: withCredential(headers, credential), signal });
    return authorized({ authorizer, signal, send, refusalOf: refusedBy, discard: discardBody });
  };
  const read = async (signal: AbortSignal): Promise<Uint8Array | undefined> => {
    const accept = 'application/json, application/yaml;q=0.9, */*;q=0.5';
    const headers = { accept, 'user-agent': userAgent, ...(isApi ? own : {}), ...validators };
    const response = await fetched(headers, signal);
    if (response.status === 304) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw unread(`its address answered with HTTP ${response.status}`);
    }
    const bytes = await readBounded(response, maxBytes).catch((error: unknown) => {
      throw ResponseTooLarge.is(error) ? unread(`it is larger than ${maxBytes} bytes`) : error;
    });
    const [etag, modified] = [response.headers.get('etag'), response.headers.get('last-modified')];
    validators = {
      ...(etag === null ? {} : { 'if-none-match': etag }),
      ...(modified === null ? {} : { 'if-modified-since': modified }),
    };
    return bytes;
  };
  return { read, forget };
}

/** What tells a changed file from the one that was read. */
async function looks(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.ino}:${found.size}:${found.mtimeNs}`;
}

/** Reads a file that the operator named. Throws `ImportFault`. */
async function readDocumentFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > maxBytes) throw unread(`it is larger than ${maxBytes} bytes`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof ImportFault ? error : unread(`the file ${path} cannot be read: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : reasonOf(error);
}

function unread(detail: string): ImportFault {
  return new ImportFault('its OpenAPI document cannot be read', detail);
}
