import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { driftedPages } from '../../scripts/reference.ts';
import { errorCatalogue } from '../../src/app/errors.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';
import { invited } from '../signin.ts';

interface Answered {
  description: string;
  content?: Record<string, { schema?: object; example?: unknown; examples?: Record<string, unknown> }>;
}

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  security?: unknown[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, Answered>;
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: object };
}

let fairlead: Fairlead;
let document: OpenApi;

beforeAll(async () => {
  fairlead = await startFairlead({
    config: {
      upstreams: { fixture: fixtureUpstream() },
      events: {
        destinations: {
          acts: { type: 'webhook', url: 'http://127.0.0.1:9/', secrets: `whsec_${'A'.repeat(44)}`, events: ['act.*'] },
        },
      },
    },
  });
  document = await (await fairlead.request('/openapi.json', { key: null })).json();
});
afterAll(() => fairlead.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Checks a value against a schema of the document, its references included. */
function faultsOf(schema: object, value: unknown) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const check = ajv.compile({ ...schema, components: document.components });
  return check(value) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

it('describes the REST interface by a valid document of OpenAPI 3.1 [SP-20]', async () => {
  expect(document).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./), info: { title: 'Fairlead' } });
  expect(await new Validator().validate(document as never)).toEqual({ valid: true });
  const names = operations().map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

it('gives every route a summary, a description, its errors, and examples that fit [SP-20]', () => {
  const problem = (status: string) => expect.objectContaining({ [status]: expect.anything() });
  for (const { path, method, operation } of operations()) {
    const { summary, description, security, requestBody, responses } = operation;
    expect({ path, method, summary, description, security }).toMatchObject({
      summary: expect.stringMatching(/^[A-Z].{5,}/),
      description: expect.stringMatching(/.{20,}/),
      security: [{ bearer: [] }],
    });
    expect(responses).toEqual(problem('401'));
    expect(responses).toEqual(problem('400'));
    expect(responses).toEqual(problem('500'));
    const bodies = [requestBody, ...Object.values(responses)].flatMap((each) => Object.entries(each?.content ?? {}));
    for (const [type, { schema, example, examples }] of bodies) {
      expect([path, method, type, example !== undefined || examples !== undefined]).toEqual([path, method, type, true]);
      if (schema && example !== undefined)
        expect([path, method, faultsOf(schema, example)]).toEqual([path, method, []]);
    }
  }
});

it('answers on every route that it documents, as it is documented [SP-20]', async () => {
  await fairlead.request('/api/v1/policies/calm', {
    method: 'PUT',
    json: { text: 'forbid (principal, action, resource) when { context.environment == "prod" };' },
  });
  await fairlead.request('/api/v1/knowledge/collections/notes', { method: 'PUT', json: { settings: {} } });
  const questions = [{ question: 'where', expect: 'none' }];
  const evaluated = await fairlead.request('/api/v1/knowledge/evaluations', { json: { questions } });
  const { id: evaluation } = await evaluated.json();
  const { callId } = await (await fairlead.request('/api/v1/tools/fixture.echo/call', { json: {} })).json();
  const { key } = await (await fairlead.request('/api/v1/keys', { json: { name: 'spare', roles: ['viewer'] } })).json();
  const machine = { name: 'nightly', roles: ['viewer'] };
  const { service } = await (await fairlead.request('/api/v1/services', { json: machine })).json();
  const text =
    '@id("asking") forbid (principal, action == Action::"callUnattended", resource) when { resource.name == "sleep" };';
  await fairlead.request('/api/v1/policies/asking', { method: 'PUT', json: { text } });
  const parked = await fairlead.request('/api/v1/tools/fixture.sleep/call', { json: { arguments: { ms: 1 } } });
  const { approvalId } = (await parked.json()).result.structuredContent;
  await fairlead.request('/api/v1/budgets/all', {
    method: 'PUT',
    json: { settings: { calls: 1_000_000 } },
  });
  const deliveries = async () => (await (await fairlead.request('/api/v1/events/deliveries')).json()).deliveries;
  await expect.poll(async () => (await deliveries()).length, { timeout: 30_000 }).toBeGreaterThan(0);
  const known: Record<string, string> = {
    '/api/v1/budgets/{name}': '/api/v1/budgets/all',
    '/api/v1/events/deliveries/{id}': `/api/v1/events/deliveries/${(await deliveries())[0].id}`,
    '/api/v1/approvals/{id}': `/api/v1/approvals/${approvalId}`,
    '/api/v1/services/{id}': `/api/v1/services/${service.id}`,
    '/api/v1/tools/{id}': '/api/v1/tools/fixture.echo',
    '/api/v1/upstreams/{name}': '/api/v1/upstreams/fixture',
    '/api/v1/policies/{name}': '/api/v1/policies/calm',
    '/api/v1/policies/{name}/history': '/api/v1/policies/calm/history',
    '/api/v1/policy-versions/{number}': '/api/v1/policy-versions/1',
    '/api/v1/policy-versions/{number}/differences': '/api/v1/policy-versions/1/differences',
    '/api/v1/knowledge/collections/{name}/verify': '/api/v1/knowledge/collections/notes/verify',
    '/api/v1/knowledge/evaluations/{id}': `/api/v1/knowledge/evaluations/${evaluation}`,
    '/api/v1/audit/{id}': `/api/v1/audit/${callId}`,
    '/api/v1/keys/{id}': `/api/v1/keys/${key.id}`,
    '/api/v1/orgs/{id}': '/api/v1/orgs/default',
    '/api/v1/users/{id}/sessions': `/api/v1/users/${(await invited(fairlead, 'kim@example.com')).id}/sessions`,
  };
  for (const { path, method, operation } of operations()) {
    const target = known[path] ?? path.replace(/\{\w+\}/g, 'nobody');
    const isRead = method === 'get';
    const response = await fairlead.request(target, { method: method.toUpperCase(), ...(isRead ? {} : { json: {} }) });
    const { status } = response;
    const type = response.headers.get('content-type') ?? '';
    if (isRead) expect([path, status]).toEqual([path, 200]);
    const documented = operation.responses[String(status)];
    expect([path, method, status, documented !== undefined]).toEqual([path, method, status, true]);
    const text = await response.text();
    if (!type.includes('json') || type.includes('jsonl')) continue;
    const schema = documented?.content?.[type]?.schema;
    expect([path, method, status, type, schema !== undefined]).toEqual([path, method, status, type, true]);
    if (schema) expect([path, method, faultsOf(schema, JSON.parse(text))]).toEqual([path, method, []]);
  }
});

it('serves a page to browse it that takes nothing from elsewhere [SP-20]', async () => {
  const page = await fairlead.request('/docs', { key: null });
  // What it sends when it is used comes from its own origin, by whatever name of this machine it was opened.
  for (const origin of [fairlead.url, fairlead.url.replace('127.0.0.1', 'localhost')]) {
    const tried = await fairlead.request('/api/v1/policies/check', { json: { text: '' }, headers: { origin } });
    expect([origin, tried.status]).toEqual([origin, 200]);
  }
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
  const html = await page.text();
  expect(html).not.toMatch(/https?:\/\//);
  const scripts = [...html.matchAll(/<script src="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(scripts).toHaveLength(2);
  for (const path of scripts) {
    const script = await fairlead.request(path, { key: null });
    expect(script.headers.get('content-type')).toContain('text/javascript');
    expect((await script.text()).length).toBeGreaterThan(50);
  }
  expect(await (await fairlead.request('/docs/viewer.js', { key: null })).text()).toContain('createApiReference');
});

it('is written down in the reference as it is in the code [SP-20]', () => {
  expect(driftedPages()).not.toContain('docs/reference/openapi.json');
});

it('has a page of all errors, as they are in the code [SP-17]', () => {
  expect(driftedPages()).not.toContain('docs/reference/errors.md');
  const codes = errorCatalogue.flatMap(({ errors }) => errors.map(({ code }) => code));
  expect(new Set(codes).size).toBe(codes.length);
});
