import type { ErrorBody } from '../kernel/errors.ts';
import { isObject, type JsonObject, parseJson } from '../kernel/json.ts';
import { createEgress } from '../platform/http/egress.ts';
import { createLog } from '../platform/telemetry/log.ts';
import { findServer, sayElsewhere } from './address.ts';
import { type CliContext, type CommandInput, exitCodes } from './command.ts';
import { CommandFailed, noKey, refuseUnfitKey, unreachable } from './errors.ts';

export interface ApiReply {
  status: number;
  headers: Headers;
  /** The parsed body; an empty object when there is none. */
  body: JsonObject;
}

export type Query = Record<string, string | number | undefined>;

interface More {
  query?: Query;
  headers?: Record<string, string>;
}

/** The REST surface of a running server. Everything rejects with CommandFailed. */
export interface ApiClient {
  url: string;
  get(path: string, query?: Query): Promise<JsonObject>;
  post(path: string, json?: unknown, query?: Query): Promise<JsonObject>;
  put(path: string, json: unknown, query?: Query): Promise<JsonObject>;
  delete(path: string, query?: Query): Promise<JsonObject>;
  /** Sends a form with files. */
  send(path: string, form: FormData): Promise<JsonObject>;
  /** A reply of any status whose body has an outcome, as those of calls; other refusals reject. */
  exchange(method: string, path: string, json?: unknown, more?: More): Promise<ApiReply>;
  /** The body as it comes, for what has no end in sight. */
  stream(path: string, query?: Query): Promise<ReadableStream<Uint8Array>>;
  /** One entry after the other, page by page; `field` names the list within a page. */
  pages(path: string, field: string, query?: Query): AsyncGenerator<JsonObject>;
}

const maxLength = 64 * 1024 * 1024;

/** @throws CommandFailed when nothing gives an address or a key */
export async function openClient(context: CliContext, options: CommandInput['options']): Promise<ApiClient> {
  const server = await findServer(context, options);
  const { url, key } = server;
  if (key === undefined) throw noKey(url);
  let said = false;
  const beforeChange = () => {
    if (!said) sayElsewhere(server, context);
    said = true;
  };
  return createClient({ url, key, signal: context.signal, beforeChange });
}

interface ClientOptions {
  url: string;
  key: string;
  signal?: AbortSignal;
  /** Called before each request that may change something. */
  beforeChange?(): void;
}

export function createClient({ url, key, signal, beforeChange }: ClientOptions): ApiClient {
  const egress = createEgress({ allow: [], log: createLog({ level: 'silent', service: 'fairlead' }) });

  async function send(
    method: string,
    path: string,
    json?: unknown,
    { query = {}, headers }: More = {},
  ): Promise<Response> {
    refuseUnfitKey(url, key);
    const address = new URL(`${url}/api/v1${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) address.searchParams.set(name, String(value));
    }
    if (method !== 'GET') beforeChange?.();
    try {
      return await egress.fetch(address, {
        guarded: false, // whoever sits at the terminal names the address
        redirect: 'manual',
        method,
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'application/json',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: json instanceof Uint8Array ? json : JSON.stringify(json) }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw new CommandFailed(130, 'Interrupted.', 'The server may have finished the request.');
      throw unreachable(url, error);
    }
  }

  async function exchange(method: string, path: string, json?: unknown, more?: More): Promise<ApiReply> {
    const response = await send(method, path, json, more);
    const body = await bodyOf(response, url);
    if (response.status === 401 || (!response.ok && body.outcome === undefined)) throw refusal(url, response, body);
    return { status: response.status, headers: response.headers, body };
  }

  async function whole(method: string, path: string, json?: unknown, query?: Query): Promise<JsonObject> {
    const response = await send(method, path, json, query ? { query } : {});
    const body = await bodyOf(response, url);
    if (!response.ok) throw refusal(url, response, body);
    return body;
  }

  return {
    url,
    exchange,
    get: (path, query) => whole('GET', path, undefined, query),
    post: (path, json = {}, query) => whole('POST', path, json, query),
    put: (path, json, query) => whole('PUT', path, json, query),
    delete: (path, query) => whole('DELETE', path, undefined, query),
    async send(path, form) {
      // Fetch knows the forms of its own package only.
      const encoded = new Response(form);
      const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
      const response = await send('POST', path, new Uint8Array(await encoded.arrayBuffer()), { headers });
      const body = await bodyOf(response, url);
      if (!response.ok) throw refusal(url, response, body);
      return body;
    },
    async stream(path, query) {
      const response = await send('GET', path, undefined, query ? { query } : {});
      if (!response.ok) throw refusal(url, response, await bodyOf(response, url));
      return response.body ?? new Blob([]).stream();
    },
    async *pages(path, field, query = {}) {
      let cursor: string | undefined;
      do {
        const page = await whole('GET', path, undefined, { ...query, cursor });
        for (const entry of Array.isArray(page[field]) ? page[field] : [])
          if (isObject(entry)) yield entry as JsonObject;
        cursor = typeof page.next === 'string' ? page.next : undefined;
      } while (cursor !== undefined);
    },
  };
}

async function bodyOf(response: Response, url: string): Promise<JsonObject> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
  if (text === '') return {};
  try {
    const value = parseJson(text, { maxLength });
    if (isObject(value)) return value as JsonObject;
  } catch {
    // Somebody else than Fairlead answers; said below.
  }
  throw stranger(url, response);
}

function stranger(url: string, { status }: Response): CommandFailed {
  return new CommandFailed(
    exitCodes.unreachable,
    `What answers at ${url} is no Fairlead (status ${status}).`,
    'Check the address; it is the one that `fairlead serve` prints, with or without /mcp.',
  );
}

function refusal(url: string, response: Response, body: JsonObject): CommandFailed {
  const { code, message, suggestedAction = '' } = body as unknown as Partial<ErrorBody>;
  if (code === undefined || message === undefined) return stranger(url, response);
  const exitCode = response.status === 401 ? exitCodes.unauthenticated : exitCodes.failed;
  return new CommandFailed(exitCode, message, suggestedAction, { body: body as unknown as ErrorBody });
}
