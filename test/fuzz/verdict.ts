import type { Attempt } from './requests.ts';

export interface Answer {
  status: number;
  contentType: string;
  body: string;
}

/** What is wrong with an answer to a request that may be anything; undefined when nothing is. */
export function faultOf({ method, path }: Attempt, { status, contentType, body }: Answer): string | undefined {
  const what = `${status} ${contentType} ${body.slice(0, 300)}`;
  if (status >= 400 && /\n\s+at |\\n\s+at |node_modules/.test(body)) return `shows a stack: ${what}`;
  // The fixture itself stumbles over some arguments, and by REST that is 502: its answer, not Fairlead's fault.
  if (status === 502 && body.includes('"code":"UPSTREAM_REJECTED"')) return undefined;
  if (status >= 500) return `a server error: ${what}`;
  if (status < 400 || method === 'HEAD' || status === 499) return undefined;
  if (/^\/(mcp|api\/v1)([/?]|$)/.test(path) && !isJsonError(contentType, body)) return `an error without JSON: ${what}`;
  return undefined;
}

function isJsonError(contentType: string, body: string): boolean {
  if (!/^application\/(problem\+)?json/.test(contentType)) return false;
  try {
    const parsed = JSON.parse(body) as {
      error?: { code?: unknown; message?: unknown };
      title?: unknown;
      status?: unknown;
    };
    const rpc = typeof parsed.error?.code === 'number' && typeof parsed.error.message === 'string';
    const problem = typeof parsed.title === 'string' && typeof parsed.status === 'number';
    // A call by REST that was refused: its outcome with the error beside it.
    const ended = typeof parsed.error?.code === 'string' && 'callId' in parsed;
    return rpc || problem || ended;
  } catch {
    return false;
  }
}
