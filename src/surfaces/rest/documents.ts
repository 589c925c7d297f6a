import type { OpenAPIHono } from '@hono/zod-openapi';
import { compress } from 'hono/compress';
import type { HttpEnv } from '../http/admission.ts';
import { security } from './documented.ts';

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

const tags = [
  { name: 'Tools', description: 'What agents can do, and doing it' },
  { name: 'Upstreams', description: 'The MCP servers behind this one' },
  { name: 'Policies', description: 'Who may do what, in Cedar' },
  { name: 'Audit', description: 'What was done' },
  { name: 'Keys', description: 'API keys' },
  { name: 'Organisations', description: 'The tenants of this server' },
  { name: 'Server', description: 'Who you are here, and how the server is' },
];

const about = `One self-hosted MCP endpoint for everything that a team's agents may do; this is its REST interface.

Every request carries an API key or an access token as a bearer token. Times are milliseconds since the epoch. Errors are
\`application/problem+json\` (RFC 9457) with a \`code\` of the catalogue, whether trying again can help and what to do next.
An administrator of the default organisation acts in another one with \`?org=\`.`;

/** The OpenAPI 3.1 document of everything registered, from the schemas that requests are checked with. */
export function openApiOf(app: OpenAPIHono<HttpEnv>, version: string): Document {
  app.openAPIRegistry.registerComponent('securitySchemes', security, {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key (`fl_...`) or a JWT of a configured issuer',
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Fairlead',
      version,
      description: about,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    tags,
  });
  return tidied(document) as Document;
}

/** Takes the flags off patterns, which the generator leaves there and JSON Schema does not know. */
function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [
        key,
        key === 'pattern' && typeof item === 'string' ? item.replace(/\$\/[a-z]+$/, '$') : tidied(item),
      ]),
  );
}

/** Nothing from elsewhere, so that the page works without the internet and tells nobody that it was opened. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // the viewer puts its styles into the page
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Fairlead REST</title>
  </head>
  <body>
    <div id="reference"></div>
    <noscript>This page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script src="/docs/viewer.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const start = `Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
});
`;

/** The document, and a page to read it with and to try it out. Open to everybody: they say nothing about a tenant. */
export function serveDocuments(app: OpenAPIHono<HttpEnv>, document: Document): void {
  const text = JSON.stringify(document);
  let viewer: Promise<string> | undefined;
  const pageHeaders = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy };
  const scriptHeaders = { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=3600' };

  app.use('/openapi.json', compress());
  app.get('/openapi.json', (c) => c.body(text, 200, { 'content-type': 'application/json' }));
  app.get('/docs', (c) => c.body(page, 200, pageHeaders));
  app.get('/docs/start.js', (c) => c.body(start, 200, scriptHeaders));
  app.use('/docs/viewer.js', compress());
  app.get('/docs/viewer.js', async (c) => {
    viewer ??= loadViewer().catch((error: unknown) => {
      viewer = undefined;
      throw error;
    });
    return c.body(await viewer, 200, scriptHeaders);
  });
}

interface ViewerRoute {
  url: string;
  handler(request: unknown, reply: ViewerReply): unknown;
}

interface ViewerReply {
  header(name: string, value: string): ViewerReply;
  send(body: string): unknown;
}

/**
 * Scalar's viewer as one script of 4 MB. The package that carries it without 60 others is its plugin for Fastify,
 * which is given something that only writes down the routes. Loaded when somebody first opens the page.
 */
async function loadViewer(): Promise<string> {
  const { default: plugin } = await import('@scalar/fastify-api-reference');
  const routes: ViewerRoute[] = [];
  const fastify = {
    initialConfig: {},
    log: { warn: () => undefined },
    hasPlugin: () => false,
    route: (route: ViewerRoute) => void routes.push(route),
  };
  const register = plugin as unknown as (it: typeof fastify, options: object, done: () => void) => void;
  register(fastify, { configuration: { url: '/openapi.json' } }, () => undefined);
  let script: string | undefined;
  const reply: ViewerReply = {
    header: () => reply,
    send(body) {
      script = body;
      return body;
    },
  };
  await routes.find(({ url }) => url.endsWith('.js'))?.handler({}, reply);
  if (script === undefined) throw new Error('the package of the viewer carries no script');
  return script;
}
