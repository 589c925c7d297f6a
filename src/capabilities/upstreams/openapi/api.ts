import { ProtocolError } from '@modelcontextprotocol/client';
import type { OpenApiUpstreamSettings } from '../../../config/schema.ts';
import { createCrowd } from '../../../kernel/crowd.ts';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import type { Principal } from '../../../kernel/principal.ts';
import { ResponseTooLarge, readBounded } from '../../../platform/http/index.ts';
import { authorized, discardBody, refusedBy, withCredential } from '../authorized.ts';
import type { Connection, ConnectionEvents, Listing } from '../connection.ts';
import { UpstreamInvalidParams } from '../errors.ts';
import type { Flight } from '../flight.ts';
import { AnswerTooLarge } from '../oversize.ts';
import type { Declaration, EgressPort, Surroundings } from '../types.ts';
import { resultOf } from './answer.ts';
import { ArgumentFault } from './faults.ts';
import type { ApiImport, OperationPlan } from './plan.ts';
import { type ApiRequest, assertSendable, requestOf } from './request.ts';
import { createSource } from './source.ts';

interface Options {
  declaration: Declaration;
  settings: OpenApiUpstreamSettings;
  around: Surroundings;
  events: Pick<ConnectionEvents, 'listChanged'>;
  /** Ends the attempt. */
  signal: AbortSignal;
  /** Takes secrets out of text. */
  redact(text: string): string;
}

/** A document as it was read last. */
interface Loaded {
  api: ApiImport;
  /** A document from one host, and nobody else, says that the API is at another. */
  isElsewhere: boolean;
  plans: Map<string, OperationPlan>;
}

const methodNotFound = -32_601;
const toolNotFound = -32_602;

/**
 * An HTTP API as an upstream: its OpenAPI document is read and becomes a list of tools, each call one request. There is
 * nothing to hold open, so the connection ends only when it is closed.
 */
export async function openApi({ declaration, settings, around, events, signal, redact }: Options): Promise<Connection> {
  const { egress, timing, now, importer, clientInfo, credentials } = around;
  const log = around.log.child({ upstream: declaration.name });
  const guarded = declaration.source === 'runtime';
  const userAgent = `${clientInfo.name}/${clientInfo.version}`;
  const own = { headers: settings.headers, secrets: settings.secrets, userAgent };
  const authorizerOf = (who: Principal | undefined) => credentials?.authorizerFor(declaration, who);
  const isAuthorized = authorizerOf(undefined) !== undefined;
  const source = createSource({ settings, egress, guarded, userAgent, authorizer: authorizerOf(undefined) });
  const { secrets, headers, baseUrl, select } = settings;
  const closing = new AbortController();
  const { promise: closed, resolve: announce } = Promise.withResolvers<string>();
  const flights = createCrowd<Flight>();
  let isFresh = true;

  const load = async (until: AbortSignal): Promise<Loaded | undefined> => {
    const bytes = await source.read(until);
    if (!bytes) return undefined;
    const options = {
      documentUrl: source.url,
      baseUrl,
      select,
      secrets: Object.keys(secrets),
      // The token stands for every scheme whose place is that header.
      headers: [...Object.keys(headers), ...(isAuthorized ? ['authorization'] : [])],
      destructive: settings.destructiveMethods,
    };
    const api = await importer.run(bytes, options, until);
    assertSendable(api.plans, own);
    if (api.leftOut.length > 0) log.info({ leftOut: api.leftOut.length }, 'operations that cannot become tools');
    const { url } = source;
    const isElsewhere = baseUrl === undefined && url !== undefined && new URL(api.base).origin !== new URL(url).origin;
    return { api, isElsewhere, plans: new Map(api.plans.map((plan) => [plan.tool, plan])) };
  };

  const first = await load(signal);
  if (!first) throw new Error('a source that was never read has no news');
  let current = first;
  let listing = listingOf(first.api);

  const call = async (params: JsonObject, until: AbortSignal, who: Principal | undefined): Promise<JsonObject> => {
    const plan = current.plans.get(String(params.name));
    if (!plan) throw new ProtocolError(toolNotFound, `there is no tool ${String(params.name).slice(0, 100)}`);
    const args = (isObject(params.arguments) ? params.arguments : {}) as JsonObject;
    const trace = (isObject(params._meta) ? params._meta : {}) as JsonObject;
    const { url, ...request } = await requestOf(plan, args, own, trace).catch((error: unknown) => {
      if (!(error instanceof ArgumentFault)) throw error;
      throw UpstreamInvalidParams({ name: declaration.name, reason: error.message }, { cause: error });
    });
    const end = AbortSignal.any([until, closing.signal]);
    const response = await authorized({
      authorizer: authorizerOf(who),
      signal: end,
      send: (credential) => {
        const init = { ...request, headers: withCredential(request.headers, credential), signal: end };
        return send(egress, url, init, guarded || current.isElsewhere);
      },
      refusalOf: refusedBy,
      discard: discardBody,
    });
    const body = await readBounded(response, timing.maxMessageBytes).catch((error: unknown) => {
      throw ResponseTooLarge.is(error) ? new AnswerTooLarge(timing.maxMessageBytes) : error;
    });
    const { status, statusText, headers: answered } = response;
    return resultOf({ status, statusText, headers: answered, body }, { plan, args, url, redact, nowMs: now() });
  };

  return {
    kind: 'openapi',
    era: 'legacy',
    protocolVersion: `OpenAPI ${current.api.version}`,
    capabilities: { tools: {} },
    sessionId: undefined,
    flights,
    closed,
    isOpen: () => !closing.signal.aborted,
    lastHeardAt: () => 0, // so that a file is looked at also while the API is busy

    async request(method, params, { signal: until, flight }) {
      if (method !== 'tools/call') throw new ProtocolError(methodNotFound, 'an API has only tools');
      return call(params, until, flight?.call.principal);
    },

    async list(until) {
      // What was read to connect is not read again at once.
      if (isFresh) isFresh = false;
      else {
        try {
          const news = await load(until);
          if (news) {
            current = news;
            listing = listingOf(news.api);
          }
        } catch (error) {
          // The API may well work without its document: what was read last stays, and the next listing tries again.
          source.forget();
          log.warn({ err: error }, 'the OpenAPI document could not be read again');
        }
      }
      return listing; // the same one while nothing has changed
    },

    // An API has nothing that could be asked whether it works: that shows in its answers.
    async check() {
      if (await source.mayHaveChanged()) events.listChanged();
    },
    watch: () => undefined,

    async close(reason) {
      closing.abort(new Error(reason));
      announce(reason);
    },
  };
}

function listingOf({ tools, instructions, leftOut }: ApiImport): Listing {
  return {
    tools,
    prompts: [],
    resources: [],
    templates: [],
    ...(instructions === undefined ? {} : { instructions }),
    unusable: leftOut.map((each) => ({ kind: 'tool', ...each })),
  };
}

const maxRedirects = 5;

/**
 * Sends a request. Redirects are followed for what only reads: within the API as it was, to another host without anything
 * of ours and only to public addresses, since the API rather than the settings names it.
 */
async function send(
  egress: EgressPort,
  url: string,
  init: Omit<ApiRequest, 'url'> & { signal: AbortSignal },
  guarded: boolean,
): Promise<Response> {
  const reads = init.method === 'GET' || init.method === 'HEAD';
  let here = url;
  for (let redirects = 0; ; redirects++) {
    const response = await egress.fetch(here, { ...init, guarded, redirect: 'manual' });
    const location = response.headers.get('location');
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
    if (!isRedirect || !reads || redirects === maxRedirects || !URL.canParse(location, here)) return response;
    await response.body?.cancel();
    const there = new URL(location, here);
    if (there.origin !== new URL(here).origin) {
      const { method, signal, headers } = init;
      const plain = { accept: headers.get('accept') ?? '*/*', 'user-agent': headers.get('user-agent') ?? '' };
      return egress.fetch(there, { method, signal, headers: plain, guarded: true });
    }
    here = there.href;
  }
}
