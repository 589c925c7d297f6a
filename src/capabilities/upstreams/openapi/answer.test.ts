import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../kernel/json.ts';
import { resultOf } from './answer.ts';
import { ApiRefusal } from './faults.ts';
import { nextPage } from './pages.ts';
import type { OperationPlan, ParameterPlan } from './plan.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function plan(parameters: Partial<ParameterPlan>[] = [], more: Partial<OperationPlan> = {}): OperationPlan {
  return {
    tool: 't',
    method: 'GET',
    base: 'https://api.example.com',
    path: '/a',
    parameters: parameters.map((each) => ({
      argument: each.name ?? '',
      place: 'query',
      name: '',
      style: 'form',
      explode: true,
      ...each,
    })),
    secrets: [],
    accept: '*/*',
    promisesOutput: false,
    ...more,
  };
}

interface Given {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  plan?: OperationPlan;
}

function result({ status = 200, headers = {}, body = '', plan: given = plan() }: Given): JsonObject {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return resultOf(
    { status, statusText: 'Said', headers: new Headers(headers), body: bytes },
    {
      plan: given,
      args: {},
      url: 'https://api.example.com/a?key=secret',
      redact: (text) => text.replaceAll('secret', '***'),
      nowMs,
    },
  );
}

const json = { 'content-type': 'application/json' };

describe('an answer', () => {
  it.each([
    ['an object as it is', json, '{"a":1}', [{ type: 'text', text: '{"a":1}' }], { a: 1 }],
    ['a list under "result"', json, '[1, 2]', [{ type: 'text', text: '[1,2]' }], { result: [1, 2] }],
    ['JSON without a word on it', {}, ' {"a" : 1}', [{ type: 'text', text: '{"a":1}' }], { a: 1 }],
    [
      'a number that is too long for us',
      json,
      '{"id": 12345678901234567890}',
      [{ type: 'text', text: '{"id": 12345678901234567890}' }],
      { id: 12345678901234567000 },
    ],
    ['what only claims to be JSON', json, '{"a"', [{ type: 'text', text: '{"a"' }], undefined],
    [
      'text',
      { 'content-type': 'text/csv; charset=latin1' },
      new Uint8Array([0xe9]),
      [{ type: 'text', text: 'é' }],
      undefined,
    ],
    [
      'text of an unknown charset',
      { 'content-type': 'text/x; charset=none' },
      'x',
      [{ type: 'text', text: 'x' }],
      undefined,
    ],
    [
      'sound',
      { 'content-type': 'audio/ogg' },
      new Uint8Array([1]),
      [{ type: 'audio', data: 'AQ==', mimeType: 'audio/ogg' }],
      undefined,
    ],
    [
      'bytes, at their address without its secrets',
      { 'content-type': 'application/pdf' },
      new Uint8Array([1]),
      [{ type: 'resource', resource: { uri: 'https://api.example.com/a', mimeType: 'application/pdf', blob: 'AQ==' } }],
      undefined,
    ],
    ['nothing', {}, '', [{ type: 'text', text: 'The API answered 200 Said.' }], undefined],
    ['a place', { location: '/b' }, '', [{ type: 'text', text: 'The API answered 200 Said; see /b' }], undefined],
    ['no secret', json, '{"a":"secret"}', [{ type: 'text', text: '{"a":"***"}' }], { a: '***' }],
  ])('gives %s', (_, headers, body, content, structuredContent) => {
    expect(result({ headers: headers as Record<string, string>, body })).toEqual({
      content,
      ...(structuredContent === undefined ? {} : { structuredContent }),
    });
  });

  it('keeps the promise of structured content whatever came', () => {
    const promised = plan([], { promisesOutput: true });
    const of = (given: Given) => result({ plan: promised, ...given }).structuredContent;
    expect(of({})).toEqual({});
    expect(of({ body: 'x', headers: { 'content-type': 'text/plain' } })).toEqual({ result: 'x' });
    expect(of({ body: '[1]', headers: json })).toEqual({ result: [1] });
    expect(of({ body: 'x', headers: { 'content-type': 'image/png' } })).toEqual({});
  });

  it('without a body keeps secrets out of where it points to, cut or whole', () => {
    const location = `/${'x'.repeat(294)}secret`;
    const text = JSON.stringify(result({ status: 201, headers: { location } }).content);
    expect(text).toMatch(/see \/x+\*\*\*/);
    expect(text).not.toContain('secre');
  });

  it.each([200, 400])('of %i keeps secrets out however it spells them', (status) => {
    const body = '{"message":"a \\u0073ecret","id":12345678901234567890}';
    const said = JSON.stringify(result({ status, body, headers: json }));
    expect(said).toContain('a ***');
    expect(said).not.toMatch(/secret|u0073/);
  });

  it('to HEAD is its head', () => {
    const headers = { etag: '"1"', 'set-cookie': 'a=b', 'x-echo': 'secret' };
    expect(result({ headers, plan: plan([], { method: 'HEAD' }) }).structuredContent).toEqual({
      status: 200,
      headers: { etag: '"1"', 'x-echo': '***' },
    });
  });
});

describe('a refusal', () => {
  const message = (body: unknown) =>
    (result({ status: 400, body: JSON.stringify(body), headers: json }).structuredContent as JsonObject).message;

  it.each([
    [{ message: 'a' }, 'a'],
    [{ title: 'T', detail: 'D', type: 'about:blank' }, 'T: D'],
    [{ error: 'a' }, 'a'],
    [{ error: { message: 'a', code: 1 } }, 'a'],
    [{ error: 'invalid_grant', error_description: 'a' }, 'a'],
    [{ errors: [{ message: 'a' }, { detail: 'b' }, 'c', 'd'] }, 'a; b; c'],
    [{ description: 'a' }, 'a'],
    [['a'], 'a'],
    ['a', 'a'],
    [{ message: { nothing: 1 }, msg: 'a' }, 'a'],
    [{ code: 1 }, undefined],
  ])('%j says %s', (body, said) => {
    expect(message(body)).toBe(said);
  });

  it('tells the rest of what the API said, text as it is and pages of HTML not at all', () => {
    const body = JSON.stringify({ message: 'Validation Failed', errors: [{ field: 'title', code: 'missing' }] });
    expect(result({ status: 422, body, headers: json }).content).toEqual([
      {
        type: 'text',
        text: 'The API answered 422 Said: Validation Failed. Correct the arguments as it says and call again.',
      },
      { type: 'text', text: body },
    ]);
    const text = (given: Given) =>
      (result({ status: 400, ...given }).content as JsonObject[]).map((block) => block.text).join('|');
    expect(text({ body: 'no secret\nhere', headers: { 'content-type': 'text/plain' } })).toMatch(
      /^The API answered 400 Said: no \*\*\* here\. /,
    );
    expect(text({ body: '<html>', headers: { 'content-type': 'text/html' } })).toMatch(/^The API answered 400 Said\. /);
    expect(text({ body: JSON.stringify({ message: 'x'.repeat(20_000) }), headers: json }).length).toBeLessThan(1_200);
  });

  const refusal = (given: Given): ApiRefusal => {
    try {
      result(given);
    } catch (error) {
      if (error instanceof ApiRefusal) return error;
    }
    throw new Error('it did not refuse');
  };

  it.each([
    [429, {}, true, undefined],
    [429, { 'retry-after': '7' }, true, 7],
    [429, { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, true, 60],
    [429, { 'retry-after': 'soon' }, true, undefined],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs / 1_000 + 90) }, true, 90],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '45' }, true, 45],
    [503, { 'retry-after': '3' }, false, 3],
    [500, {}, false, undefined],
    [408, {}, false, undefined],
  ])('%i with %j may be asked again', (status, headers, limits, retryAfterSeconds) => {
    expect(refusal({ status, headers: headers as Record<string, string> })).toMatchObject({
      status,
      limits,
      retryAfterSeconds,
    });
  });

  it.each([
    [403, { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '45' }],
    [403, { 'x-ratelimit-remaining': '0' }],
    [404, { 'retry-after': '5' }],
  ])('%i with %j is final', (status, headers) => {
    expect(result({ status, headers: headers as Record<string, string> })).toMatchObject({ isError: true });
  });
});

describe('the next page', () => {
  const next = (
    body: unknown,
    parameters: Partial<ParameterPlan>[],
    args: JsonObject = {},
    more: { link?: string; url?: string } = {},
  ) =>
    nextPage({
      plan: plan(parameters),
      args,
      url: more.url ?? 'https://api.example.com/a?page=1&key=k',
      link: more.link ?? null,
      body,
    });
  const page = { name: 'page', type: 'number' } as const;

  it.each([
    ['<https://api.example.com/a?page=2&key=k>; rel="next"', [page], { page: 2 }],
    ['</a?page=2&after=x%3D&key=k>; rel=next', [page, { name: 'after' }], { page: 2, after: 'x=' }],
    ['</a?page=2&unknown=1>; rel=next', [page], undefined],
    ['</b?page=2>; rel=next', [page], undefined],
    ['</a?page=1&key=k>; rel=next', [page], undefined],
    ['</a?ids%5B%5D=1&ids%5B%5D=2>; rel=next', [{ name: 'ids', type: 'array' }], { ids: ['1', '2'] }],
    ['</a?all=true>; rel=next', [{ name: 'all', type: 'boolean' }], { all: true }],
    ['<http://[>; rel=next', [page], undefined],
  ] as const)('by the link %s', (link, parameters, expected) => {
    expect(next([], [...parameters], { page: 1 }, { link })).toEqual(expected ? { arguments: expected } : {});
  });

  it.each([
    [{ next_cursor: 'c' }, [{ name: 'cursor' }], { cursor: 'c' }],
    [{ nextPageToken: 'c' }, [{ name: 'pageToken' }], { pageToken: 'c' }],
    [{ next_page_token: 'c' }, [{ name: 'token' }, { name: 'page_token' }], { page_token: 'c' }],
    [{ response_metadata: { next_cursor: 'c' } }, [{ name: 'cursor' }], { cursor: 'c' }],
    [{ meta: { pagination: { next_page: 3 } } }, [page], { page: 3 }],
    [{ paging: { cursors: { after: 'c' } } }, [{ name: 'after' }], { after: 'c' }],
    [{ pageInfo: { endCursor: 'c', hasNextPage: true } }, [{ name: 'after' }], { after: 'c' }],
    [{ NextToken: 'c' }, [{ name: 'NextToken' }], { NextToken: 'c' }],
    [{ next: 'https://api.example.com/a?page=4&key=k' }, [page], { page: 4 }],
    [{ _links: { next: { href: '/a?page=5&key=k' } } }, [page], { page: 5 }],
    [
      { '@odata.nextLink': '?%24skip=10&page=1&key=k' },
      [{ name: '$skip', argument: 'skip', type: 'number' }],
      { skip: 10 },
    ],
    [{ has_more: true, data: [{ id: 'a' }, { id: 'b' }] }, [{ name: 'starting_after' }], { starting_after: 'b' }],
  ] as const)('by the body %j', (body, parameters, expected) => {
    expect(next(body, [...parameters])).toEqual({ arguments: expected });
  });

  it.each([
    [{ next_cursor: '' }, [{ name: 'cursor' }]],
    [{ next_cursor: null }, [{ name: 'cursor' }]],
    [{ next: false }, [page]],
    [{ endCursor: 'c', hasNextPage: false }, [{ name: 'after' }]],
    [{ has_more: false, data: [{ id: 'a' }] }, [{ name: 'starting_after' }]],
    [{ data: [] }, [page]],
    [[1], [page]],
    ['x', [page]],
  ] as const)('there is none by %j', (body, parameters) => {
    expect(next(body, [...parameters])).toBeUndefined();
  });

  it.each([
    [{ next_cursor: 'c' }, [page, { name: 'cursor', place: 'header' }]],
    [{ has_more: true, data: [] }, [{ name: 'starting_after' }]],
    [{ next_cursor: 'same' }, [{ name: 'cursor' }]],
  ] as const)('is somewhere, but no argument leads there, by %j', (body, parameters) => {
    expect(next(body, [...parameters], { cursor: 'same' })).toEqual({});
  });

  it('is looked for in reading alone', () => {
    const changing = plan([{ name: 'cursor' }], { method: 'POST' });
    expect(
      nextPage({ plan: changing, args: {}, url: 'https://a.example', link: null, body: { next_cursor: 'c' } }),
    ).toBeUndefined();
  });

  it('is told in words and in _meta', () => {
    const { content, _meta } = result({ body: '{"next_cursor":"c"}', headers: json, plan: plan([{ name: 'cursor' }]) });
    expect(content).toMatchObject([
      {},
      { text: 'There is a further page: call again with {"cursor":"c"} and the other arguments as they were.' },
    ]);
    expect(_meta).toEqual({ 'dev.fairlead/next': { arguments: { cursor: 'c' } } });
    const lost = result({ body: '{"next_cursor":"c"}', headers: json });
    expect(lost.content).toMatchObject([{}, { text: expect.stringContaining('no argument of this tool leads') }]);
    expect(lost._meta).toBeUndefined();
  });
});
