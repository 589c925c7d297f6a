import { ProtocolError } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { UnknownTool } from '../../gateway/index.ts';
import { Internal, NotFound } from '../../kernel/errors.ts';
import { toResult, toToolResult } from './results.ts';

const failed = (rpc?: { code: number; message: string; data?: unknown }) => ({
  callId: 'call_1',
  outcome: 'failed' as const,
  error: Internal().toBody('call_1'),
  ...(rpc ? { rpc } : {}),
});
const page = { code: -32042, message: 'visit', data: { elicitations: [{ url: 'https://example.com/in' }, 7] } };

describe('the end of a tool call over MCP', () => {
  it('is a protocol error for a tool that is not there [SP-17]', () => {
    const end = { callId: 'call_1', outcome: 'denied' as const, error: UnknownTool({ name: 'x' }).toBody() };
    expect(() => toToolResult(end, 'sessions')).toThrow(ProtocolError);
  });

  it('keeps the code that a client acts by, in the revision that has it [SP-6]', () => {
    expect(() => toToolResult(failed(page), 'sessions')).toThrow(/visit/);
    const capability = { code: -32021, message: 'sampling needed' };
    expect(() => toToolResult(failed(capability), 'modern')).toThrow(/sampling needed/);
  });

  it('names the page to open first where the revision has no code for it [SP-6]', () => {
    expect(JSON.stringify(toToolResult(failed(page), 'modern'))).toContain('https://example.com/in');
    const odd = toToolResult(failed({ ...page, data: 'nothing' }), 'modern');
    expect(odd).toMatchObject({ isError: true });
  });

  it('always has content [SP-17]', () => {
    expect(toToolResult({ callId: 'c', outcome: 'ok', result: {} }, 'modern')).toMatchObject({ content: [] });
  });
});

describe('the end of a read or prompt over MCP', () => {
  it('is its result, or an error with the code of its kind [SP-17]', () => {
    expect(toResult({ callId: 'c', outcome: 'ok', result: { contents: [] } })).toEqual({ contents: [] });
    expect(() => toResult(failed({ code: -32602, message: 'no such prompt' }))).toThrow(/no such prompt/);
    const missing = { callId: 'c', outcome: 'denied' as const, error: NotFound({ what: 'x', id: 'y' }).toBody() };
    expect(() => toResult(missing)).toThrow(expect.objectContaining({ code: -32602 }));
    expect(() => toResult(failed())).toThrow(expect.objectContaining({ code: -32603 }));
  });
});
