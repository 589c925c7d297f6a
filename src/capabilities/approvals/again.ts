import type { CallerLink, CallRequest } from '../../kernel/call.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { KeptApproval } from './row.ts';
import type { ParkedRequest } from './types.ts';

/** The call that was asked for, on its way once more, for who asked. */
export function callAgain(
  { callId }: KeptApproval,
  { target, arguments: args, surface, endpoint, clientAddress }: ParkedRequest,
  principal: Principal,
  rest: Pick<CallRequest, 'grant'> & Partial<Pick<CallRequest, 'id' | 'link' | 'signal' | 'meta'>>,
): CallRequest {
  return {
    principal,
    surface,
    operation: 'tool',
    target,
    arguments: args,
    link: nobody,
    signal: new AbortController().signal,
    parentCallId: callId,
    ...rest,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
  };
}

/** The way back to the caller: it is gone. */
export const nobody: CallerLink = {
  era: 'none',
  capabilities: {},
  hears: false,
  ask: () => Promise.reject(new Error('the caller of an approved call cannot be asked')),
  progress: () => undefined,
  log: () => undefined,
};
