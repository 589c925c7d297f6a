import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { decodeJwt } from 'jose';
import {
  ClientRefused,
  deviceGrant,
  type Replayed,
  SignInRefused,
  stayScope,
} from '../../capabilities/signin/index.ts';
import { FairleadError } from '../../kernel/errors.ts';
import { isObject, JsonFault, type JsonObject, parseJson } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import { readText } from '../../platform/http/index.ts';
import type { HttpEnv } from '../http/admission.ts';
import type { PageDeps } from './deps.ts';
import { nobody, note, somebody } from './records.ts';
import { scopesOf } from './words.ts';

const maxBodyBytes = 32 * 1024;
/** What a machine may sign its assertions with. */
const assertionAlgorithms = ['EdDSA', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'];

/** The endpoints of OAuth that programs call. What they may ask for is settled here, before the library sees it. */
export function protocol(app: Hono<HttpEnv>, deps: PageDeps): void {
  const { signin, admission, show, log } = deps;
  const { base } = signin.paths;
  const authorizePath = `${base}/oauth2/authorize`;

  for (const path of ['oauth-authorization-server', 'openid-configuration']) {
    app.get(`/.well-known/${path}`, (c) => c.json(metadata(deps)));
  }
  app.get(`${base}/jwks`, async (c) => c.json(await signin.keys.jwks()));

  app.on(['GET', 'POST'], authorizePath, async (c) => {
    const query = c.req.method === 'GET' ? new URL(c.req.url).searchParams : await formOf(c);
    if (!query) return refusal(400, 'invalid_request', 'the body must be a form');
    const clientId = query.get('client_id') ?? '';
    try {
      if (await signin.clients.needsReading(clientId)) await signin.limits.countClient(admission.address(c));
      if (!(await signin.clients.find(clientId))) throw ClientRefused({ reason: 'it is not known here' });
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      return show(c, {
        title: 'This program cannot sign you in',
        fault: `${error.message} ${error.action}`,
        content: html`<p>Nothing was changed. You can close this page.</p>`,
        status: error.spec.status,
      });
    }
    const scopes = scopesOf(query.get('scope'));
    query.set('scope', scopes.join(' '));
    settleResource(query, deps);
    const url = new URL(authorizePath, signin.publicUrl);
    url.search = query.toString();
    const { cookie, ...headers } = forwarded(c, deps);
    // A session that opens nothing any more is none.
    const known = (await deps.visitor(c)) ? { ...headers, ...(cookie === undefined ? {} : { cookie }) } : headers;
    const answer = await (await signin.server()).handle(new Request(url, { headers: known }));
    return passedOn(answer);
  });

  app.post(`${base}/oauth2/token`, async (c) => {
    const form = await formOf(c);
    if (!form) return refusal(400, 'invalid_request', 'the body must be a form');
    const grant = form.get('grant_type');
    if (form.has('resource') || grant === 'client_credentials') settleResource(form, deps);
    const refreshToken = grant === 'refresh_token' ? (form.get('refresh_token') ?? '') : undefined;
    const deviceCode = grant === deviceGrant ? (form.get('device_code') ?? '') : undefined;
    const headers = forwarded(c, deps);
    const machine = machineOf(headers.authorization, form);
    const request = new Request(new URL(`${base}/oauth2/token`, signin.publicUrl), {
      method: 'POST',
      headers: { ...headers, ...machine.headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: machine.form.toString(),
    });
    const asked = { clientId: machine.clientId, refreshToken, deviceCode };
    const { response, replayed } = await signin.token(request, asked);
    if (replayed) await recordReplay(c, deps, replayed);
    if (response.ok && (grant === 'authorization_code' || deviceCode !== undefined))
      await recordProgram(c, deps, machine.clientId, response.clone());
    if (grant === 'client_credentials') {
      await recordMachine(c, deps, machine.clientId, response.ok ? undefined : SignInRefused());
    }
    return passedOn(response);
  });

  app.post(`${base}/oauth2/revoke`, async (c) => {
    const form = await formOf(c);
    if (!form) return refusal(400, 'invalid_request', 'the body must be a form');
    const clientId = form.get('client_id') ?? '';
    const ended = await signin.revoke(form.get('token') ?? '', clientId);
    if (ended) {
      const member = signin.roster.member(ended.userId, ended.org) ?? signin.roster.member(ended.userId);
      await note(c, deps, somebody(member), { action: 'signin.program-out', subject: clientId });
    }
    return c.body(null, 200);
  });

  app.post(`${base}/device/code`, async (c) => {
    const form = await formOf(c);
    if (!form) return refusal(400, 'invalid_request', 'the body must be a form');
    await signin.limits.countClient(admission.address(c));
    await signin.clients.find(form.get('client_id') ?? '');
    form.set('scope', scopesOf(form.get('scope')).join(' '));
    form.delete('user_id'); // whoever enters the code decides, nobody else
    settleResource(form, deps);
    const request = new Request(new URL(`${base}/device/code`, signin.publicUrl), {
      method: 'POST',
      headers: { ...forwarded(c, deps), 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    return passedOn(await (await signin.server()).handle(request));
  });

  app.post(`${base}/oauth2/register`, async (c) => {
    await signin.limits.countClient(admission.address(c));
    const text = await readText(c.req.raw, maxBodyBytes);
    try {
      const made = await signin.clients.register(parseJson(text ?? ''));
      const { client_id, client_name = null, redirect_uris } = made;
      const detail = { name: client_name, answeredAt: redirect_uris } as JsonObject;
      await note(c, deps, nobody, { action: 'clients.register', subject: String(client_id), detail });
      return c.json(made, 201, { 'cache-control': 'no-store' });
    } catch (error) {
      if (error instanceof JsonFault) return refusal(400, 'invalid_client_metadata', error.message);
      if (!ClientRefused.is(error)) throw error;
      log.info({ reason: error.message }, 'a program could not register itself');
      const redirect = error.message.includes('redirect_uris');
      return refusal(400, redirect ? 'invalid_redirect_uri' : 'invalid_client_metadata', error.message);
    }
  });
}

/** RFC 8414, and the fields that OpenID Connect's discovery demands of the same document. */
function metadata({ signin }: PageDeps): Record<string, unknown> {
  const at = (path: string) => new URL(`${signin.paths.base}${path}`, signin.publicUrl).href;
  return {
    issuer: signin.publicUrl,
    authorization_endpoint: at('/oauth2/authorize'),
    token_endpoint: at('/oauth2/token'),
    registration_endpoint: at('/oauth2/register'),
    revocation_endpoint: at('/oauth2/revoke'),
    revocation_endpoint_auth_methods_supported: ['none'],
    device_authorization_endpoint: at('/device/code'),
    jwks_uri: at('/jwks'),
    scopes_supported: [...signin.scopes, stayScope],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', deviceGrant],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

/**
 * All endpoints are one resource: a token is for this server, and what it opens there is decided by policy. What is asked
 * for something else stays as it is, and is refused for it.
 */
function settleResource(query: URLSearchParams, { signin, isEndpoint }: PageDeps): void {
  const ours = query.getAll('resource').every((text) => {
    if (!URL.canParse(text)) return false;
    const { origin, pathname, search, hash } = new URL(text);
    if (origin !== new URL(signin.publicUrl).origin || search || hash) return false;
    const [, root, endpoint, ...rest] = pathname.replace(/\/$/, '').split('/');
    if (root === undefined) return true;
    return root === 'mcp' && rest.length === 0 && (endpoint === undefined || isEndpoint(endpoint));
  });
  if (ours) query.set('resource', signin.resource);
}

/** Who a machine says it is. A secret may stand in the form or in the header; the library takes it from the header alone. */
function machineOf(authorization: string | undefined, form: URLSearchParams) {
  const basic = /^Basic +([\w+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [id = ''] = Buffer.from(basic, 'base64').toString().split(':');
    return { clientId: id, form, headers: {} };
  }
  const [id, secret] = [form.get('client_id') ?? claimedId(form), form.get('client_secret')];
  if (secret === null) return { clientId: id, form, headers: {} };
  const rest = new URLSearchParams([...form].filter(([name]) => name !== 'client_secret'));
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return { clientId: id, form: rest, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** Whose an assertion says that it is: for the record alone, nothing is proved yet. */
function claimedId(form: URLSearchParams): string {
  const claims = form.get('client_assertion')?.split('.')[1];
  if (claims === undefined) return '';
  try {
    const parsed = parseJson(Buffer.from(claims, 'base64url').toString(), { maxDepth: 8 });
    return isObject(parsed) && typeof parsed.sub === 'string' ? parsed.sub : '';
  } catch {
    return '';
  }
}

async function formOf(c: Context<HttpEnv>): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) return undefined;
  const text = await readText(c.req.raw, maxBodyBytes);
  return text === undefined ? undefined : new URLSearchParams(text);
}

/** What the library may know of a request; the client's address in a header that only we write. */
function forwarded(c: Context<HttpEnv>, { signin, admission }: PageDeps): Record<string, string> {
  const headers: Record<string, string> = { origin: new URL(signin.publicUrl).origin };
  for (const name of ['cookie', 'authorization', 'user-agent', 'accept'] as const) {
    const value = c.req.header(name);
    if (value !== undefined) headers[name] = value;
  }
  const address = admission.address(c);
  if (address !== undefined) headers[signin.addressHeader] = address;
  return headers;
}

/** Without what is nobody's business outside, and never kept by anything on the way. */
function passedOn(answer: Response): Response {
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const name of ['content-type', 'location', 'www-authenticate']) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  for (const cookie of answer.headers.getSetCookie()) headers.append('set-cookie', cookie);
  return new Response(answer.body, { status: answer.status, headers });
}

function refusal(status: number, error: string, description: string): Response {
  return Response.json({ error, error_description: description }, { status, headers: { 'cache-control': 'no-store' } });
}

/** A token that was replaced came back: whoever had it first or last, one of them is not who it was given to. */
async function recordReplay(c: Context<HttpEnv>, deps: PageDeps, replayed: Replayed): Promise<void> {
  const { userId, clientId, org } = replayed;
  const { roster } = deps.signin;
  deps.log.warn({ userId, clientId }, 'a refresh token was used again: all of its family are void');
  const member = roster.member(userId, org) ?? roster.member(userId);
  await note(c, deps, somebody(member), { action: 'signin.refresh', subject: clientId }, SignInRefused());
}

/** A program has its first token: also where it was allowed before, and nobody was asked. */
async function recordProgram(c: Context<HttpEnv>, deps: PageDeps, clientId: string, response: Response): Promise<void> {
  const { access_token: token, scope = '' } = (await response.json()) as { access_token?: string; scope?: string };
  const { sub = '', org } = decodeJwt<{ org?: string }>(token ?? '');
  const { roster } = deps.signin;
  const member = roster.member(sub, org) ?? roster.member(sub);
  const detail = { scopes: scope.split(' ') };
  await note(c, deps, somebody(member), { action: 'signin.program', subject: clientId, detail });
}

async function recordMachine(
  c: Context<HttpEnv>,
  deps: PageDeps,
  named: string,
  refused: FairleadError | undefined,
): Promise<void> {
  const service = deps.signin.roster.service(named);
  // Who is nobody here leaves no record: anybody could fill the books with names.
  if (!service) return deps.log.info('a token was refused to an unknown machine');
  const { org, clientId, name, roles } = service;
  const credential = { kind: 'internal' as const, id: clientId };
  const principal: Principal = { id: `service:${clientId}`, kind: 'service', org, name, roles, scopes: [], credential };
  await note(c, deps, principal, { action: 'signin.machine', subject: clientId }, refused);
}
