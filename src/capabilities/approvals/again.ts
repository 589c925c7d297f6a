import type { CallRequest } from '../../kernel/call.ts';
import type { Principal } from '../../kernel/principal.ts';
import { nobody } from './beside/declared.ts';
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
