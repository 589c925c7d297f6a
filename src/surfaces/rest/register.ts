import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type Access, CredentialSealed, isSealed, mayActIn, missingScope } from '../../capabilities/access/index.ts';
import type { ActNotes, Acts } from '../../capabilities/audit/index.ts';
import { asFairleadError, NotFound } from '../../kernel/errors.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from '../http/admission.ts';
import { problemResponse } from '../http/problem.ts';
import { document } from './documented.ts';
import { MethodNotAllowed } from './errors.ts';
import { type BodyLimits, check, readForm, readJson } from './input.ts';
import { orgQuery } from './orgquery.ts';
import type { Input, Reply, Route } from './route.ts';

export interface RegisterDeps extends BodyLimits {
  access: Pick<Access, 'require' | 'orgs'>;
  acts: Acts;
  admission: Pick<Admission, 'principal' | 'address' | 'metadataUrl'>;
  log: Log;
}

/** Everything that all routes have in common: who calls, what it may, what it sent, what is kept of it. */
export function register(routes: readonly Route[], deps: RegisterDeps): OpenAPIHono<HttpEnv> {
  const app = new OpenAPIHono<HttpEnv>();
  app.onError((error, c) => refusal(error, c, deps));
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = honoPath(route.path);
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
    document(app.openAPIRegistry, route);
    const read = reader(route, deps);
    app.on(route.method.toUpperCase(), path, (c) => serve(route, read, c, deps));
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => {
      const error = MethodNotAllowed({ method: c.req.method.slice(0, 20), allowed });
      return problemResponse(error, deps.log, { headers: { allow: allowed.join(', ') } });
    });
  }
  return app;
}

/** The path in the router's spelling: `/tools/{id}` becomes `/tools/:id`. */
export function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

async function serve(route: Route, inputOf: Reader, c: Context<HttpEnv>, deps: RegisterDeps): Promise<Response> {
  const principal = await deps.admission.principal(c);
  if (isSealed(principal) && !route.opensSealed) throw CredentialSealed();
  c.set('principal', principal);
  if (!route.act) return send(await route.handle(await inputOf(c, principal)));

  const { act } = route;
  const notes: ActNotes = {
    action: act.action,
    principal,
    clientAddress: deps.admission.address(c),
    org: principal.org,
    subject: Object.values(c.req.param()).join(' ').slice(0, 200) || '-',
    detail: {},
  };
  const reply = await deps.acts.perform(notes, async (intend) => {
    const input = await inputOf(c, principal);
    if (act.keptBy !== 'actor') notes.org = input.org;
    notes.subject = act.subject(input, undefined);
    notes.detail = { ...(input.org === principal.org ? {} : { org: input.org }), ...act.detail?.(input) };
    await intend();
    const answered = await route.handle(input);
    if (answered instanceof Response) return answered;
    notes.subject = act.subject(input, answered.body);
    if (act.told) notes.detail = { ...notes.detail, ...act.told(answered.body) };
    return answered;
  });
  return send(reply);
}

type Reader = (c: Context<HttpEnv>, principal: Principal) => Promise<Input<never, never, never, never>>;

/** Reads and checks all that a request to this route brings; the schemas are made once. */
function reader(route: Route, deps: RegisterDeps): Reader {
  const query = z.strictObject({ ...route.query?.shape, ...(route.inOrg ? { org: orgQuery } : {}) });
  const headerNames = Object.keys(route.headers?.shape ?? {});
  return async (c, principal) => {
    if (route.scope) deps.access.require(principal, route.scope);
    const sent = route.body ? await bodyOf(route, c.req.raw, deps) : undefined;
    const found = check([
      { name: 'path', schema: route.params, value: c.req.param() },
      { name: 'query', schema: query, value: c.req.query() },
      { name: 'header', schema: route.headers, value: headersOf(c, headerNames) },
      { name: 'body', schema: route.body, value: sent, foreign: route.foreignBody },
    ]) as [never, { org?: string }, never, never];
    return {
      c,
      principal,
      org: await targetOrg(principal, found[1].org, deps),
      params: found[0],
      query: found[1] as never,
      headers: found[2],
      body: found[3],
      clientAddress: deps.admission.address(c),
    };
  };
}

function bodyOf({ form }: Route, request: Request, deps: RegisterDeps): Promise<unknown> {
  return form ? readForm(request, form.maxBytes) : readJson(request, deps);
}

function headersOf(c: Context<HttpEnv>, names: readonly string[]): Record<string, string> {
  const sent = names.map((name) => [name, c.req.header(name)] as const);
  return Object.fromEntries(sent.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Throws NotFound alike for an organisation that is not there and for one that is none of the caller's business. */
async function targetOrg(principal: Principal, wanted: OrgId | undefined, { access }: RegisterDeps): Promise<OrgId> {
  if (wanted === undefined || wanted === principal.org) return principal.org;
  if (!mayActIn(principal, wanted)) throw NotFound({ what: 'organisation', id: wanted });
  return (await access.orgs.get(wanted)).id;
}

function send(reply: Reply | Response): Response {
  if (reply instanceof Response) return reply;
  const headers = new Headers(reply.headers);
  headers.set('cache-control', 'no-store');
  if (reply.body === undefined) return new Response(null, { status: reply.status, headers });
  if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(reply.body), { status: reply.status, headers });
}

function refusal(error: unknown, c: Context<HttpEnv>, { admission, log }: RegisterDeps): Response {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  const scope = missingScope(error);
  const about = `resource_metadata="${admission.metadataUrl('')}"`;
  if (asFairleadError(error).spec.status === 401) {
    const presented = c.req.header('authorization') !== undefined ? 'error="invalid_token", ' : '';
    headers['www-authenticate'] = `Bearer ${presented}${about}`;
  } else if (scope !== undefined) {
    headers['www-authenticate'] = `Bearer error="insufficient_scope", scope="${scope}", ${about}`;
  }
  return problemResponse(error, log, { headers, signal: c.req.raw.signal });
}
