import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KeptCall } from '../../src/capabilities/audit/index.ts';
import { type CallerEra, caller, closeCallers, textOf } from '../clients.ts';
import { type HttpFixture, serveHttpFixture, serveSseFixture } from '../fixtures/servers/http.ts';
import { type Fairlead, fixtureUpstream, startFairlead } from '../harness.ts';

// Every pairing of caller era and upstream era and transport: the questions of an upstream reach the caller, the
// answers go back, and nobody gets what belongs to somebody else.

const upstreams = ['stdio-legacy', 'stdio-modern', 'http-legacy', 'http-modern', 'sse'] as const;
const callers: CallerEra[] = ['sessions', 'modern'];
const pairs = callers.flatMap((era) => upstreams.map((upstream) => ({ era, upstream })));

let fairlead: Fairlead;
let fixtures: HttpFixture[];
let sse: Awaited<ReturnType<typeof serveSseFixture>>;

beforeAll(async () => {
  fixtures = [await serveHttpFixture('legacy'), await serveHttpFixture('modern')];
  sse = await serveSseFixture();
  fairlead = await startFairlead({
    config: {
      endpoints: { narrow: { toolsets: ['http-modern'] } },
      upstreams: {
        'stdio-legacy': { ...fixtureUpstream('legacy'), startTimeoutMs: 20_000 },
        'stdio-modern': { ...fixtureUpstream('modern'), startTimeoutMs: 20_000 },
        'http-legacy': { url: fixtures[0]?.url, startTimeoutMs: 20_000 },
        'http-modern': { url: fixtures[1]?.url, startTimeoutMs: 20_000 },
        sse: { url: sse.url, transport: 'sse', startTimeoutMs: 20_000 },
        lonely: { ...fixtureUpstream('legacy'), isolation: 'session', startTimeoutMs: 20_000 },
      },
    },
  });
});
afterEach(closeCallers);
afterAll(async () => {
  await fairlead?.stop();
  await sse?.stop();
  for (const fixture of fixtures ?? []) await fixture.stop();
});

describe.each(pairs)('a caller with $era before $upstream', ({ era, upstream }) => {
  it('answers what the upstream asks [SP-6]', async () => {
    const client = await caller(fairlead, era, { answer: (question) => `yes to ${question}` });
    const result = await client.callTool({ name: `${upstream}_ask`, arguments: { question: 'tea?' } });
    expect(textOf(result)).toMatch(/^tea\? accept yes to tea\?/);
  });

  it('leaves in the audit what it was asked and what it did with it [SP-6] [SP-16]', async () => {
    const client = await caller(fairlead, era, { answer: () => 'yes, password=hunter2' });
    const stateless = era === 'modern' && upstream.endsWith('-modern');
    const ask = async (question: string) => {
      const result = await client.callTool({ name: `${upstream}_ask`, arguments: { question } }).catch(() => ({}));
      const { records } = await fairlead.running.house.audit.list('default', { tool: `${upstream}.ask` });
      const rounds = records.filter((record) => JSON.stringify(record).includes(question));
      expect(rounds).toHaveLength(stateless ? 2 : 1);
      const { questions, arguments: given } = rounds[0] as KeptCall;
      const [answered] = stateless
        ? Object.values((given as { inputResponses: Record<string, object> }).inputResponses)
        : (questions ?? []).map(({ action, answer, unanswered }) =>
            unanswered ? { unanswered } : { action, ...(answer ? { content: answer } : {}) },
          );
      return { answered, text: textOf(result) };
    };
    const accepted = await ask(`${era} asks: tea?`);
    expect(accepted.text).toMatch(/accept yes, password=hunter2/);
    expect(accepted.answered).toEqual({ action: 'accept', content: { answer: 'yes, password=[redacted]' } });
    if (stateless) return; // this fixture asks again until it gets an answer
    client.setRequestHandler('elicitation/create', () => ({ action: 'decline' as const }));
    expect((await ask(`${era} asks: more tea?`)).answered).toEqual({ action: 'decline' });
    if (era === 'modern') return; // whose client then never comes back
    client.setRequestHandler('elicitation/create', () => {
      throw new Error('no thanks');
    });
    expect((await ask(`${era} asks: no tea?`)).answered).toEqual({ unanswered: expect.stringContaining('no thanks') });
  });

  it('is told no when it cannot be asked, and the call ends [SP-6]', async () => {
    const client = await caller(fairlead, era);
    const result = await client
      .callTool({ name: `${upstream}_ask`, arguments: { question: 'tea?' } })
      .catch((error: Error) => ({ isError: true, content: [{ text: error.message }] }));
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/elicitation|cannot/i);
  });
});

const full = pairs.filter(({ upstream }) => upstream !== 'sse');
describe.each(full)('a caller with $era before $upstream', ({ era, upstream }) => {
  it('samples and tells its roots for the upstream [SP-6]', async () => {
    const client = await caller(fairlead, era, { answer: (question) => `model says ${question}` });
    const sampled = await client.callTool({ name: `${upstream}_ask_model`, arguments: { question: 'why?' } });
    expect(textOf(sampled)).toContain('model says why?');
    const roots = await client.callTool({ name: `${upstream}_ask_roots`, arguments: {} });
    expect(textOf(roots)).toContain('file:///here');
  });

  it('is asked a second question after the first [SP-6]', async () => {
    const client = await caller(fairlead, era, { answer: (question) => question.split(' ')[1] ?? '' });
    const result = await client.callTool({ name: `${upstream}_ask_twice`, arguments: { question: 'q' } });
    expect(textOf(result)).toBe('first then second');
  });

  it('sees all progress, in order [SP-6]', async () => {
    const client = await caller(fairlead, era);
    const seen: unknown[] = [];
    const onprogress = (update: { progress: number }) => void seen.push(update.progress);
    await client.callTool({ name: `${upstream}_count`, arguments: {} }, { onprogress });
    expect(seen).toEqual([1, 2, 3]);
  });

  it('never gets the question of another who calls at the same time [SP-6]', async () => {
    const asked: Record<string, string[]> = { ann: [], bob: [] };
    const people = Object.entries(asked).map(async ([name, questions]) => {
      const client = await caller(fairlead, era, {
        answer(question) {
          questions.push(question);
          return `answer of ${name}`;
        },
      });
      const results = [];
      for (let round = 0; round < 5; round++) {
        const question = `${name} ${round}`;
        const args = { question, afterMs: 30 };
        results.push(textOf(await client.callTool({ name: `${upstream}_ask`, arguments: args })));
      }
      return { name, results };
    });
    for (const { name, results } of await Promise.all(people)) {
      for (const question of asked[name] ?? []) expect(question.startsWith(name)).toBe(true);
      // Where a shared pipe cannot tell whose question it is, it is refused with the reason, never guessed.
      for (const result of results)
        expect(result).toMatch(new RegExp(`accept answer of ${name}|several calls|was given up`));
    }
    if (upstream !== 'stdio-legacy') expect(asked.ann).toHaveLength(5);
  });
});

describe('isolation by session', () => {
  it('gives each session a process of its own, so that both can be asked at once [SP-6]', async () => {
    const people = await Promise.all(
      ['ann', 'bob'].map((name) => caller(fairlead, 'sessions', { answer: () => `answer of ${name}` })),
    );
    const results = await Promise.all(
      people.map((client) => client.callTool({ name: 'lonely_ask', arguments: { question: 'q', afterMs: 100 } })),
    );
    expect(results.map(textOf)).toEqual(['q accept answer of ann', 'q accept answer of bob']);
    const pids = await Promise.all(people.map((client) => client.callTool({ name: 'lonely_whoami', arguments: {} })));
    expect(new Set(pids.map(textOf)).size).toBe(2);
  });
});

describe('an answer', () => {
  it('of somebody else is refused, and the waiting call is not disturbed [SP-6]', async () => {
    const rpc = async (key: string, params: object) => {
      const response = await fairlead.request('/mcp', {
        key,
        headers: {
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'stdio-legacy_ask',
        },
        json: {
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: {
            name: 'stdio-legacy_ask',
            arguments: { question: 'mine?' },
            ...params,
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
            },
          },
        },
      });
      const text = await response.text();
      return JSON.parse(text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '{}'));
    };
    const [mine, theirs] = [await fairlead.makeKey(['operator']), await fairlead.makeKey(['operator'])];
    const first = await rpc(mine, {});
    expect(first.result.resultType).toBe('input_required');
    const [key] = Object.keys(first.result.inputRequests);
    const reply = {
      inputResponses: { [key ?? '']: { action: 'accept', content: { answer: 'stolen' } } },
      requestState: first.result.requestState,
    };
    const stolen = await rpc(theirs, reply);
    expect(stolen.error.code).toBe(-32602);
    const forged = await rpc(mine, { ...reply, requestState: `${first.result.requestState.slice(0, -2)}xx` });
    expect(forged.error.code).toBe(-32602);
    const otherwise = await rpc(mine, { ...reply, arguments: { question: 'another?' } });
    expect(otherwise.error.code).toBe(-32602);
    reply.inputResponses[key ?? ''] = { action: 'accept', content: { answer: 'my own' } };
    const done = await rpc(mine, reply);
    expect(textOf(done.result)).toBe('mine? accept my own');
    const again = await rpc(mine, reply);
    expect(again.error.code).toBe(-32602);
  });
});

describe('a state of a stateless upstream', () => {
  it('that is sent twice has the tool run twice, and each run stands in the audit with its answers [SP-6] [SP-16]', async () => {
    const name = 'http-modern_ask';
    const key = await fairlead.makeKey(['operator']);
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    };
    const send = async (more: object, endpoint = '/mcp') => {
      const response = await fairlead.request(endpoint, {
        key,
        headers: {
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': name,
        },
        json: {
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name, arguments: { question: 'pay?' }, ...more, _meta: meta },
        },
      });
      return JSON.parse(await response.text());
    };
    const { requestState } = (await send({})).result;
    const answered = (answer: string) => ({
      requestState,
      inputResponses: { it: { action: 'accept', content: { answer } } },
    });
    expect(textOf((await send(answered('one'))).result)).toContain('accept one');
    expect(textOf((await send(answered('two'))).result)).toContain('accept two');
    const { records } = await fairlead.running.house.audit.list('default', { tool: 'http-modern.ask' }, undefined, 3);
    const calls = records.map((record) => JSON.stringify(record));
    expect(calls.filter((call) => call.includes('"answer":"one"'))).toHaveLength(1);
    expect(calls.filter((call) => call.includes('"answer":"two"'))).toHaveLength(1);
    expect(new Set(records.map(({ id }) => id)).size).toBe(3);
    expect(records[0]).toMatchObject({ parentCallId: records[2]?.id });
    // The same request on another endpoint may be another tool: the answer does not go there.
    expect((await send(answered('three'), '/mcp/narrow')).error.code).toBe(-32602);
  });
});

// Last, since a shared pipe is not asked for anybody while a call that was given up might be the one that asks.
describe.each(full)('a caller with $era before $upstream', ({ era, upstream }) => {
  it('cancels at the upstream when it gives up [SP-6] [SP-11]', async () => {
    const client = await caller(fairlead, era);
    const giveUp = new AbortController();
    const call = client.callTool({ name: `${upstream}_sleep`, arguments: { ms: 60_000 } }, { signal: giveUp.signal });
    setTimeout(() => giveUp.abort(), 300);
    await expect(call).rejects.toThrow();
    // The next call on a connection of stdio would wait behind a sleeper if it went on, and the audit says what happened.
    await expect
      .poll(async () => {
        const { records } = await fairlead.running.house.audit.list('default', { tool: `${upstream}.sleep` });
        return records.map((record) => record.outcome);
      })
      .toContain('cancelled');
    if (upstream.startsWith('http')) {
      const state = fixtures[upstream === 'http-legacy' ? 0 : 1]?.state;
      await expect.poll(() => state?.cancelled).toContain('sleep');
    }
  });
});
