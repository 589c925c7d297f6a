import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Asked,
  argumentEdits,
  begin,
  comparable,
  type Edit,
  ends,
  faultsOf,
  head,
  keys,
  meta,
  openWays,
  plainEdits,
  put,
  reserved,
  type Sent,
  send,
  sendBothWays,
  type Way,
} from '../ways.ts';

const revision = '2025-11-25';
const ways: Way[] = ['short', 'long'];

let world: Awaited<ReturnType<typeof openWays>>;

beforeAll(async () => {
  world = await openWays({ sessions: { idleMs: 1_500, maxPerPrincipal: 200 } });
});
afterAll(() => world?.stop());

type Params = Record<string, unknown>;

interface In {
  session?: string;
  path?: string;
  key?: string | undefined;
  version?: string | undefined;
}

function message(body: object, { session, path = '/mcp', key = keys.caller, version = revision }: In): Asked {
  return {
    path,
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-session-id': session,
      'mcp-protocol-version': version,
      authorization: key === '' ? undefined : `Bearer ${key}`,
    },
    body: { jsonrpc: '2.0', ...body },
  };
}

/** Everything in order: what the edits begin with. */
function asked(method: 'tools/call' | 'tools/list', where: In, params: Params = {}): Asked {
  return message({ id: 7, method, params: { ...params, _meta: {} } }, where);
}

const called = (name: string, args: Params, where: In) => asked('tools/call', where, { name, arguments: args });

async function openSession(capabilities: object = {}, where: In = {}): Promise<string> {
  const clientInfo = { name: 'short', version: '1' };
  const params = { protocolVersion: where.version ?? revision, capabilities, clientInfo };
  const { headers } = await send(world.url, message({ id: 'init', method: 'initialize', params }, where), 'long');
  return String(headers['mcp-session-id']);
}

/** The messages in an answer, which is one of them or a stream. */
function messagesIn(text: string): Record<string, never>[] {
  if (!text.includes('data:')) return text === '' ? [] : [JSON.parse(text)];
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = '']) => JSON.parse(data));
}

/** What two answers must have in common: an answer in one piece is as good as a stream with the same messages. */
function told(answer: Answer) {
  const { status, headers, body } = comparable(answer);
  if (status !== 200) return { status, headers, body };
  const framing = ['content-type', 'cache-control', 'x-accel-buffering'];
  const others = Object.entries(headers).filter(([name]) => !framing.includes(name));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: Object.fromEntries(others), messages: messagesIn(text) };
}

const isWhole = ({ headers }: Answer) => headers['content-type'] === 'application/json';

/** The outcomes of the latest calls of a tool, the last one first. */
async function outcomesOf(tool: string, count: number): Promise<string[]> {
  const { records } = await (await world.fairlead.request(`/api/v1/audit?tool=${tool}&limit=${count}`)).json();
  return records.map(({ outcome }: { outcome: string }) => outcome);
}

/** Resolves once the tool of the upstream over HTTP runs. */
async function running(name: string, start: () => Sent): Promise<Sent> {
  const { called: calls } = world.web.state;
  const before = calls.length;
  const sent = start();
  await expect.poll(() => calls.slice(before), { timeout: 10_000 }).toContain(name);
  return sent;
}

const edits = (others: { foreign: string; ended: string }): Record<string, Edit> => ({
  ...plainEdits,
  ...Object.fromEntries(
    (
      ['tools/list', 'tools/call', 'prompts/list', 'initialize', 'ping', 'nothing', 7, null, undefined] as unknown[]
    ).map((v) => [`method ${JSON.stringify(v)}`, put('method', v)]),
  ),
  ...Object.fromEntries(
    ['2025-06-18', '2025-03-26', '2024-11-05', '2026-07-28', '2027-01-01', 'x', '', undefined].map((v) => [
      `header of version ${v}`,
      head('mcp-protocol-version', v),
    ]),
  ),
  ...Object.fromEntries(
    ['', 'x', others.foreign, others.ended, undefined].map((v, at) => [
      `session ${at}: ${v}`,
      head('mcp-session-id', v),
    ]),
  ),
  'two sessions': head('mcp-session-id', ['x', 'y']),
  'a header of the method': head('mcp-method', 'tools/call'),
  'a header of the name': head('mcp-name', 'one_echo'),
  'an event to go on from': head('last-event-id', 'x~1'),
  'a task': put('params.task', { ttl: 1 }),
  'a related task': meta(reserved('related-task'), { taskId: 'x' }),
  'a related task of a wrong kind': meta(reserved('related-task'), 'x'),
  'a version in the body': meta(reserved('protocolVersion'), revision),
  'a log level': meta(reserved('logLevel'), 'debug'),
  'a request state': put('params.requestState', 'x'),
  'answers to nothing': put('params.inputResponses', {}),
  'an answer in place of a request': (request) => {
    request.body = { jsonrpc: '2.0', id: 7, result: {} };
  },
  'a notification': put('id', undefined),
});

const callEdits: Record<string, Edit> = {
  ...argumentEdits,
  ...Object.fromEntries(
    (['one_echo', 'one.echo', 'nothing', '', 7, null, undefined] as unknown[]).map((v) => [
      `name ${JSON.stringify(v)}`,
      put('params.name', v),
    ]),
  ),
};

describe('a request in a session', () => {
  it.each([
    ['a listing', 'tools/list', {}],
    ['a call of one_echo', 'tools/call', { name: 'one_echo', arguments: { text: 'hello' } }],
    ['a call of said_plain', 'tools/call', { name: 'said_plain', arguments: {} }],
  ] as const)(
    'is answered alike by the short way and the long one, good, bad or odd: %s [CA-10] [SP-4] [SP-8]',
    async (_, method, params) => {
      const session = await openSession();
      const ended = await openSession();
      const bye = { ...message({}, { session: ended }), method: 'DELETE' };
      expect((await send(world.url, bye, 'long')).status).toBe(200);
      const others = { ended, foreign: await openSession({}, { key: world.fairlead.adminKey }) };
      const all = { ...edits(others), ...(method === 'tools/call' ? callEdits : {}) };
      expect(await faultsOf(world.url, () => asked(method, { session }, params), all, told)).toEqual([]);
      expect(Object.keys(all).length).toBeGreaterThan(85);
    },
  );

  it('is answered alike by both ways whatever a call comes to [CA-10] [SP-6]', async () => {
    const session = await openSession();
    for (const [name, args] of ends) {
      const { short, long } = await sendBothWays(world.url, called(name, args, { session }));
      expect({ name, ...told(short) }).toEqual({ name, ...told(long) });
    }
  });

  it.each(['2025-11-25', '2025-06-18', '2025-03-26'])('goes the short way in revision %s [CA-10] [SP-4]', async (v) => {
    const where = { version: v === '2025-03-26' ? undefined : v };
    const session = await openSession({}, { version: v });
    for (const request of [
      asked('tools/list', { session, ...where }),
      called('said_plain', {}, { session, ...where }),
    ]) {
      if (where.version === undefined) head('mcp-protocol-version', undefined)(request);
      const { short, long } = await sendBothWays(world.url, request);
      expect([isWhole(short), isWhole(long)]).toEqual([true, false]);
      expect(short.headers['mcp-session-id']).toBe(session);
      expect(told(short)).toEqual(told(long));
    }
  });

  it('goes the short way on an endpoint, also by nobody where anybody may come [CA-10] [SP-4]', async () => {
    for (const where of [{ path: '/mcp/narrow' }, { path: '/mcp/open', key: '' }]) {
      const session = await openSession({}, where);
      const { short, long } = await sendBothWays(world.url, asked('tools/list', { session, ...where }));
      expect(isWhole(short)).toBe(true);
      expect(told(short)).toEqual(told(long));
    }
  });

  it('leaves the same audit record by either way [CA-10] [SP-16]', async () => {
    const session = await openSession();
    for (const [name, args, outcome] of [
      ['said_plain', { password: 'hunter2hunter2', n: 1 }, 'ok'],
      ['said_failed', {}, 'tool_error'],
      ['said_typed', { n: 'x' }, 'invalid'],
      ['one_needs_page', {}, 'failed'],
    ] as const) {
      const request = called(name, args, { session });
      meta('traceparent', `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`)(request);
      meta('progressToken', 'p')(request);
      meta('com.example/x', { a: 1 })(request);
      await sendBothWays(world.url, request);
      const tool = name.replace('_', '.');
      const { records } = await (await world.fairlead.request(`/api/v1/audit?tool=${tool}&limit=2`)).json();
      const [short, long] = records.map(({ id, at, durationMs, seq, hash, ...rest }: Params) => rest);
      expect(short).toMatchObject({ outcome, tool, traceId: 'c'.repeat(32) });
      expect(short).toEqual(long);
    }
  });

  it('denies by either way what policy denies, and records it [CA-10] [SP-14] [SP-16]', async () => {
    const where = { key: keys.viewer };
    const session = await openSession({}, where);
    const { short, long } = await sendBothWays(world.url, called('one_write', {}, { session, ...where }));
    expect(told(short)).toEqual(told(long));
    expect(JSON.stringify(told(short))).toContain('-32602'); // to a viewer there is no such tool
    expect(await outcomesOf('one.write', 2)).toEqual(['denied', 'denied']);
  });

  it('hears of progress and log messages on a stream that opens when there is something to tell [CA-10] [SP-5]', async () => {
    const session = await openSession();
    const counted = called('one_count', { everyMs: 20 }, { session });
    meta('progressToken', 'p')(counted);
    const logged = called('one_log', { text: 'psst' }, { session });
    for (const [request, notices] of [
      [counted, 3],
      [logged, 1],
    ] as const) {
      const { short, long } = await sendBothWays(world.url, request);
      expect(told(short)).toEqual(told(long));
      expect(told(short).messages).toHaveLength(notices + 1);
    }
    const level = message({ id: 1, method: 'logging/setLevel', params: { level: 'error' } }, { session });
    await send(world.url, level, 'short');
    const { short, long } = await sendBothWays(world.url, logged);
    expect(told(short).messages).toHaveLength(1);
    expect(told(short)).toEqual(told(long));
  });

  it.each(ways)(
    'is asked in the middle of a call, and goes on with the answer, by the %s way [CA-10] [SP-6]',
    async (way) => {
      for (const name of ['one_ask', 'web_ask']) {
        const session = await openSession({ elicitation: { form: {} } });
        const sent = begin(world.url, called(name, { question: 'who?' }, { session }), way);
        await expect.poll(() => messagesIn(sent.text()).length, { timeout: 10_000 }).toBe(1);
        const [question] = messagesIn(sent.text());
        expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'who?' } });
        const result = { action: 'accept', content: { answer: 'me' } };
        const answered = await send(world.url, message({ id: question?.id, result }, { session }), way);
        expect(answered.status).toBe(202);
        expect((await sent.answer).text).toContain('who? accept me');
        expect(await outcomesOf(name.replace('_', '.'), 1)).toEqual(['ok']);
      }
    },
  );

  it.each(ways)('ends with its cancellation, and gives its id back, by the %s way [CA-10] [SP-11]', async (way) => {
    const session = await openSession();
    const { cancelled } = world.web.state;
    const before = cancelled.length;
    const sent = await running('sleep', () => begin(world.url, called('web_sleep', { ms: 20_000 }, { session }), way));
    const again = await send(world.url, called('web_echo', { text: 'x' }, { session }), way);
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('id 7')]);
    const cancel = message({ method: 'notifications/cancelled', params: { requestId: 7 } }, { session });
    expect((await send(world.url, cancel, 'short')).status).toBe(202);
    await expect.poll(() => cancelled.length, { timeout: 10_000 }).toBe(before + 1);
    await expect.poll(() => outcomesOf('web.sleep', 1)).toEqual(['cancelled']);
    expect((await send(world.url, called('web_echo', { text: 'x' }, { session }), way)).status).toBe(200);
    expect(messagesIn(sent.text())).toEqual([]); // nobody answers what was cancelled
    sent.leave();
  });

  it.each(ways)('ends with its session by the %s way [CA-10] [SP-4] [SP-11]', async (way) => {
    const session = await openSession();
    const sent = await running('sleep', () => begin(world.url, called('web_sleep', { ms: 20_000 }, { session }), way));
    expect((await send(world.url, { ...message({}, { session }), method: 'DELETE' }, 'long')).status).toBe(200);
    const { status, headers, text } = await sent.answer;
    expect([status, headers['content-type'], messagesIn(text)]).toEqual([200, 'text/event-stream', []]);
    await expect.poll(() => outcomesOf('web.sleep', 1)).toEqual(['cancelled']);
  });

  it.each(ways)('ends with the key of its caller by the %s way [CA-10] [SP-14]', async (way) => {
    const { keys: made, authenticate } = world.fairlead.running.house.access;
    const createdBy = await authenticate(world.fairlead.adminKey);
    const { key, secret } = await made.create({ org: 'default', name: 'short', roles: ['operator'], createdBy });
    const session = await openSession({}, { key: secret });
    const request = called('web_sleep', { ms: 20_000 }, { session, key: secret });
    const sent = await running('sleep', () => begin(world.url, request, way));
    await made.revoke('default', key.id);
    expect(messagesIn((await sent.answer).text)).toEqual([]);
    await expect.poll(() => outcomesOf('web.sleep', 1)).toEqual(['cancelled']);
  });

  it.each(ways)('goes on by the %s way when its caller is cut off [CA-10] [SP-4]', async (way) => {
    const session = await openSession();
    const sent = await running('sleep', () => begin(world.url, called('web_sleep', { ms: 600 }, { session }), way));
    sent.leave();
    await expect.poll(() => outcomesOf('web.sleep', 1), { timeout: 5_000 }).toEqual(['ok']);
    await expect.poll(async () => (await send(world.url, called('web_echo', {}, { session }), way)).status).toBe(200);
  });

  it.each(ways)(
    'is answered on a stream that can be resumed when it takes long, by the %s way [CA-10] [SP-4]',
    async (way) => {
      const session = await openSession();
      const sent = begin(world.url, called('web_sleep', { ms: 2_500 }, { session }), way);
      await expect.poll(() => sent.text(), { timeout: 3_000 }).toContain('retry:');
      sent.leave();
      const [, last] = /^id: (.*)$/m.exec(sent.text()) ?? [];
      const resume = { ...message({}, { session }), method: 'GET', text: '' };
      head('accept', 'text/event-stream')(resume);
      head('last-event-id', last)(resume);
      const { text } = await send(world.url, resume, 'short');
      expect(messagesIn(text)).toMatchObject([{ id: 7, result: { content: [{ text: 'slept' }] } }]);
    },
  );

  it('keeps its session from idling away [CA-10] [SP-4]', async () => {
    const session = await openSession();
    const listing = asked('tools/list', { session });
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(isWhole(await send(world.url, listing, 'short'))).toBe(true);
    }
    const slow = called('web_sleep', { ms: 3_500 }, { session });
    expect((await send(world.url, slow, 'short')).text).toContain('slept');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await send(world.url, listing, 'short')).status).toBe(404);
  });

  it('is in the books like any other [CA-10] [SP-18]', async () => {
    const counted = async () => {
      const text = await (await world.fairlead.request('/metrics')).text();
      const of = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
      return {
        requests: of(/^http_request_duration_seconds_count\{method="POST",route="\/mcp",status="200"\} (\d+)$/m),
        calls: of(/^mcp_tool_invocations_total\{tool_name="said.plain",status="ok"\} (\d+)$/m),
      };
    };
    const session = await openSession();
    const before = await counted();
    const { short, long } = await sendBothWays(world.url, called('said_plain', {}, { session }));
    expect([isWhole(short), isWhole(long)]).toEqual([true, false]);
    expect(await counted()).toEqual({ requests: before.requests + 2, calls: before.calls + 2 });
  });
});
