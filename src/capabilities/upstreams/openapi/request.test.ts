import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../kernel/json.ts';
import { ArgumentFault } from './faults.ts';
import type { BodyPlan, OperationPlan, ParameterPlan, SecretPlan } from './plan.ts';
import { requestOf } from './request.ts';

const own = { headers: {}, secrets: {}, userAgent: 'fairlead/1' };
const simple = { style: 'simple', explode: false } as const;
const form = { style: 'form', explode: true } as const;

function plan(more: Partial<OperationPlan> = {}): OperationPlan {
  return {
    tool: 't',
    method: 'POST',
    base: 'https://api.example.com/v1',
    path: '/a',
    parameters: [],
    secrets: [],
    accept: 'application/json',
    promisesOutput: false,
    ...more,
  };
}

const inPath = (name: string): ParameterPlan => ({ argument: name, place: 'path', name, ...simple });
const sent = async (body: BodyPlan, args: JsonObject) => {
  const request = await requestOf(plan({ body }), args, own);
  return [
    request.headers.get('content-type'),
    typeof request.body === 'string' ? request.body : request.body && Buffer.from(request.body),
  ];
};

describe('the URL', () => {
  it.each(['..', '.', ''])('never becomes that of another operation by %j', async (id) => {
    const path = plan({ path: '/a/{id}/b', parameters: [inPath('id')] });
    await expect(requestOf(path, { id }, own)).rejects.toThrow(ArgumentFault);
    const parts = plan({ path: '/a/{id}{to}', parameters: [inPath('id'), inPath('to')] });
    await expect(requestOf(parts, { id: '.', to: '.' }, own)).rejects.toThrow(ArgumentFault);
  });

  it.each(['../x', '%2e%2e', '..%2f', 'a/../..', '\\..\\', '?x=1', '#x', '//evil.example', '\t', '..;'])(
    'stays where it was with %j',
    async (id) => {
      const { url } = await requestOf(plan({ path: '/a/{id}/b', parameters: [inPath('id')] }), { id }, own);
      const { pathname, search, host } = new URL(url);
      expect([host, pathname, search]).toEqual(['api.example.com', `/v1/a/${encodeURIComponent(id)}/b`, '']);
    },
  );

  it('has nothing for an argument that is not given, whatever its name', async () => {
    const parameters = ['constructor', 'toString'].map(
      (name): ParameterPlan => ({ argument: name, place: 'query', name, ...form }),
    );
    const { url, headers, body } = await requestOf(
      plan({
        parameters: [...parameters, { argument: 'valueOf', place: 'header', name: 'X-A', ...simple }],
        body: {
          kind: 'json',
          contentType: 'application/json',
          required: false,
          fields: [{ argument: 'isPrototypeOf', name: 'a' }],
        },
      }),
      {},
      own,
    );
    expect([url, headers.has('x-a'), body]).toEqual(['https://api.example.com/v1/a', false, undefined]);
  });

  it('is refused without what its path needs', async () => {
    await expect(requestOf(plan({ path: '/a/{id}', parameters: [inPath('id')] }), {}, own)).rejects.toThrow(
      '"id" must not be empty',
    );
  });

  it('keeps the query that its path has', async () => {
    const parameters: ParameterPlan[] = [{ argument: 'q', place: 'query', name: 'q', ...form }];
    expect((await requestOf(plan({ path: '/a?do=x', parameters }), { q: 1 }, own)).url).toBe(
      'https://api.example.com/v1/a?do=x&q=1',
    );
  });
});

describe('the head', () => {
  it('has what the settings say, the secrets, the trace and the arguments, in this order of power', async () => {
    const secrets: SecretPlan[] = [
      { scheme: 'a', place: 'header', name: 'authorization', format: 'bearer' },
      { scheme: 'b', place: 'query', name: 'key', format: 'plain' },
      { scheme: 'c', place: 'cookie', name: 'sid', format: 'plain' },
    ];
    const parameters: ParameterPlan[] = [
      { argument: 'x', place: 'header', name: 'X-Own', ...simple },
      { argument: 'auth', place: 'header', name: 'Authorization', ...simple },
      { argument: 'flavour', place: 'cookie', name: 'flavour', ...form },
      { argument: 'left', place: 'header', name: 'X-Left', ...simple },
    ];
    const { url, headers } = await requestOf(
      plan({ secrets, parameters }),
      { x: 'theirs', auth: 'theirs', flavour: 'a;b', left: null },
      { headers: { 'x-own': 'ours' }, secrets: { a: 'A', b: 'B&', c: 'C' }, userAgent: 'u' },
      { traceparent: '00-1', other: 'x' },
    );
    expect(url).toBe('https://api.example.com/v1/a?key=B%26');
    expect(Object.fromEntries(headers)).toEqual({
      accept: 'application/json',
      authorization: 'Bearer A',
      cookie: 'flavour=a%3Bb; sid=C',
      traceparent: '00-1',
      'user-agent': 'u',
      'x-own': 'ours',
    });
  });

  it('takes no line break from an argument', async () => {
    const parameters: ParameterPlan[] = [{ argument: 'x', place: 'header', name: 'X-A', ...simple }];
    for (const x of ['a\r\nb: c', '日本']) {
      await expect(requestOf(plan({ parameters }), { x }, own)).rejects.toThrow('characters that a header cannot hold');
    }
  });
});

describe('the body', () => {
  const whole = { contentType: 'x/y', required: true, argument: 'body' };
  const fields = [
    { argument: 'a', name: '$a' },
    { argument: 'b', name: 'b' },
  ];

  it('is JSON, whole or of fields under their own names', async () => {
    expect(await sent({ kind: 'json', ...whole }, { body: [1] })).toEqual(['x/y', '[1]']);
    expect(await sent({ kind: 'json', ...whole }, { body: null })).toEqual(['x/y', 'null']);
    const flat: BodyPlan = { kind: 'json', contentType: 'x/y', required: false, fields };
    expect(await sent(flat, { a: null, b: 2, c: 3 })).toEqual(['x/y', '{"$a":null,"b":2}']);
    expect(await sent(flat, {})).toEqual([null, undefined]);
    expect(await sent({ ...flat, required: true }, {})).toEqual(['x/y', '{}']);
  });

  it('is a form, objects in it as JSON where nothing else is said', async () => {
    const body: BodyPlan = {
      kind: 'form',
      contentType: 'f',
      required: true,
      argument: 'body',
      encoding: { deep: { style: 'deepObject', explode: true } },
    };
    expect(await sent(body, { body: { a: [1, 2], b: { c: 1 }, deep: { x: { y: 'z' } } } })).toEqual([
      'f',
      'a=1&a=2&b=%7B%22c%22%3A1%7D&deep%5Bx%5D%5By%5D=z',
    ]);
    await expect(sent(body, { body: 'a=1' })).rejects.toThrow('must be an object');
  });

  it('is a multipart form with files, lists and JSON', async () => {
    const body: BodyPlan = {
      kind: 'multipart',
      contentType: 'multipart/form-data',
      required: true,
      argument: 'body',
      encoding: { file: { ...form, binary: true }, meta: { ...form, json: true, contentType: 'application/ld+json' } },
    };
    const [type, content] = await sent(body, {
      body: { file: ['AQI=', 'AwQ'], text: 'x', meta: [1], none: null, obj: { a: 1 } },
    });
    const parsed = await new Response(content as Buffer<ArrayBuffer>, {
      headers: { 'content-type': String(type) },
    }).formData();
    const files = await Promise.all(
      parsed.getAll('file').map(async (file) => [...new Uint8Array(await (file as File).arrayBuffer())]),
    );
    expect(files).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(parsed.get('text')).toBe('x');
    expect(parsed.has('none')).toBe(false);
    const meta = parsed.get('meta') as File;
    expect([meta.type, await meta.text()]).toEqual(['application/ld+json', '[1]']);
    expect(await (parsed.get('obj') as File).text()).toBe('{"a":1}');
    await expect(sent(body, { body: { file: '!' } })).rejects.toThrow('"file" must be bytes as base64');
  });

  it('is text, or bytes', async () => {
    expect(await sent({ kind: 'text', ...whole }, { body: 'hi' })).toEqual(['x/y', 'hi']);
    expect(await sent({ kind: 'binary', ...whole }, { body: 'A AEC\n/w==' })).toEqual([
      'x/y',
      Buffer.from([0, 1, 2, 255]),
    ]);
    await expect(sent({ kind: 'binary', ...whole }, { body: 1 })).rejects.toThrow(ArgumentFault);
  });
});
