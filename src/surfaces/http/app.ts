import { Hono } from 'hono';
import type { Access } from '../../capabilities/access/index.ts';
import { NotFound, ShuttingDown } from '../../kernel/errors.ts';
import { addressRanges } from '../../platform/http/index.ts';
import type { Log, Metrics } from '../../platform/telemetry/index.ts';
import { type McpSurface, rpcResponse } from '../mcp/index.ts';
import { type Admission, createAdmission, type EndpointNames, type HttpEnv } from './admission.ts';
import { edge } from './edge.ts';
import { type Operations, operations } from './operations.ts';
import { problemResponse } from './problem.ts';
import { createShortcut, type Shortcut } from './shortcut.ts';

export interface HttpAppDeps {
  mcp: McpSurface;
  rest(admission: Admission): Hono<HttpEnv>;
  /** Where outside senders deliver what they have signed. */
  hooks: Hono<HttpEnv>;
  /** The built-in sign-in, where it is on. */
  signin?(admission: Admission): Hono<HttpEnv>;
  /** The pages on which people decide on calls, where people sign in. */
  approvals?(admission: Admission): Hono<HttpEnv>;
  /** The pages by which people connect accounts at upstreams. */
  connections(admission: Admission): Hono<HttpEnv>;
  access: Access;
  log: Log;
  metrics: Metrics;
  publicUrl: string;
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  maxBodyBytes: number;
  trustedProxies: readonly string[];
  /** Issuers whose tokens are taken. */
  authorizationServers(): readonly string[];
  scopes: readonly string[];
  endpoints: EndpointNames;
  operations: Operations;
  /** Set while the server shuts down. */
  draining(): boolean;
}

/** Everything that is served over HTTP, and the short way past it for what most requests are. */
export interface HttpApp {
  app: Hono<HttpEnv>;
  shortcut: Shortcut;
}

export function createHttpApp(deps: HttpAppDeps): HttpApp {
  const admission = createAdmission({ ...deps, trustedProxies: addressRanges(deps.trustedProxies) });
  const app = new Hono<HttpEnv>();
  app.onError((error, c) => problemResponse(error, deps.log, { signal: c.req.raw.signal }));
  app.notFound((c) => problemResponse(NotFound({ what: 'page', id: c.req.path.slice(0, 200) }), deps.log));
  for (const middleware of edge(deps)) app.use(middleware);

  operations(app, deps.operations, admission);
  app.use(async (c, next) => {
    if (!deps.draining() || c.req.method === 'GET') return next();
    c.header('connection', 'close');
    return problemResponse(ShuttingDown({}, { retryAfterSeconds: 2 }), deps.log);
  });
  wellKnown(app, deps);

  app.on(['GET', 'POST', 'DELETE'], ['/mcp', '/mcp/:endpoint'], async (c) => {
    const admitted = await admission.admit(c, c.req.param('endpoint'));
    return admitted instanceof Response ? admitted : deps.mcp.handle(c.req.raw, admitted);
  });
  app.all('/mcp', () => methodNotAllowed());
  app.all('/mcp/:endpoint', () => methodNotAllowed());
  app.get('/', (c) => c.redirect('/docs')); // who opens the address in a browser wants to know what is here
  app.route('/', deps.hooks);
  app.route('/', deps.connections(admission));
  if (deps.approvals) app.route('/', deps.approvals(admission));
  if (deps.signin) app.route('/', deps.signin(admission));
  app.route('/', deps.rest(admission));

  return { app, shortcut: createShortcut({ ...deps, admission }) };
}

/** RFC 9728: who gives out tokens for this server. */
function wellKnown(app: Hono<HttpEnv>, deps: HttpAppDeps): void {
  const paths = ['', '/mcp', '/mcp/:endpoint'].map((path) => `/.well-known/oauth-protected-resource${path}`);
  app.on('GET', paths, (c) => {
    const endpoint = c.req.param('endpoint');
    if (endpoint !== undefined && !deps.endpoints.exists(endpoint)) throw NotFound({ what: 'endpoint', id: endpoint });
    return c.json({
      resource: new URL(endpoint === undefined ? '/mcp' : `/mcp/${endpoint}`, deps.publicUrl).href,
      authorization_servers: deps.authorizationServers(),
      scopes_supported: deps.scopes,
      bearer_methods_supported: ['header'],
      resource_name: 'Fairlead',
    });
  });
}

function methodNotAllowed(): Response {
  return rpcResponse(405, -32000, 'MCP is spoken here by POST, GET and DELETE.', {
    allow: 'GET, POST, DELETE, OPTIONS',
  });
}
