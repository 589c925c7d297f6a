import { SdkHttpError } from '@modelcontextprotocol/client';
import { isObject, parseJson } from '../../kernel/json.ts';
import { CommandFailed, reasonOf } from '../errors.ts';

interface RpcFault {
  code: number;
  message: string;
  data?: unknown;
}

const serverFault = -32_000;

/**
 * Whether another connection may help: nothing listens, the key ended with the server that made it, or the session
 * is not known there.
 */
export function isServerGone(error: unknown): boolean {
  if (error instanceof SdkHttpError) return error.status === 404 || error.status === 401 || error.status === 503;
  return error instanceof TypeError; // fetch: no connection
}

/** What the client is told about a request that got no answer: the server's own error wherever there is one. */
export function faultOf(error: unknown): RpcFault {
  if (error instanceof CommandFailed) return { code: serverFault, message: `${error.message} ${error.action}` };
  if (error instanceof SdkHttpError) {
    return (
      bodyFault(typeof error.data.text === 'string' ? error.data.text : undefined) ?? {
        code: serverFault,
        message: messageOf(error.status),
      }
    );
  }
  const reason = error instanceof TypeError ? `Fairlead cannot be reached: ${reasonOf(error)}.` : reasonOf(error);
  return { code: serverFault, message: reason };
}

function bodyFault(text: string | undefined): RpcFault | undefined {
  let body: unknown;
  try {
    body = parseJson(text ?? '');
  } catch {
    return undefined;
  }
  if (!isObject(body)) return undefined;
  if (isObject(body.error) && typeof body.error.code === 'number' && typeof body.error.message === 'string') {
    return body.error as unknown as RpcFault;
  }
  if (typeof body.message !== 'string') return undefined;
  return { code: serverFault, message: `${body.message} ${body.suggestedAction ?? ''}`.trim() };
}

function messageOf(status: number | undefined): string {
  return status === 401
    ? 'The API key does not count. Give another one with FAIRLEAD_KEY.'
    : `Fairlead answered with status ${status}.`;
}
