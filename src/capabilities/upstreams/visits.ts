import { type Call, type Continuation, opensPages, type ProviderReply } from '../../kernel/call.ts';
import { FairleadError, inWords } from '../../kernel/errors.ts';
import { isObject, type JsonObject, parseJson } from '../../kernel/json.ts';

// Fairlead itself may want its caller to visit a page before a call can go on: to sign in at the upstream. What the
// caller is told is in the form that it understands; this is not about pages that an upstream wants visited.

const key = 'fairlead_connection';
const statePrefix = 'fairlead-visit:';
const urlElicitation = -32_042;

/** A later round, parted into what was for us and what is for the upstream. */
export interface Visit {
  /** Whether the caller says that it opens the page. */
  accepted: boolean;
  /** What the caller had brought for the upstream when it was sent to the page. */
  rest: Continuation | undefined;
}

/** Undefined for a call that was not sent to a page of ours before. */
export function visitIn(continuation: Continuation | undefined): Visit | undefined {
  const answer = continuation?.inputResponses?.[key];
  if (!isObject(answer)) return undefined;
  const { requestState } = continuation ?? {};
  const kept = requestState?.startsWith(statePrefix) ? parsed(requestState.slice(statePrefix.length)) : undefined;
  return { accepted: answer.action === 'accept', rest: kept as Continuation | undefined };
}

/**
 * What a caller gets who has to visit a page first: a question where it takes one, else an error, with the address in a
 * JSON-RPC error for clients of the revision that has one, and in its text for all others. Other errors stay as they are.
 */
export function askToVisit(call: Call, error: unknown, before: Visit | undefined): ProviderReply {
  // An upstream that wants a page of its own visited says so in an error of ours, too; that one is its callers' to have.
  if (!(error instanceof FairleadError) || error.spec.lacks !== 'visit' || error.rpc?.code !== urlElicitation)
    throw error;
  const elicitation = elicitationIn(error.rpc.data);
  if (!elicitation || !opensPages(call.link)) throw inWords(error);
  if (call.link.era === 'sessions') throw error;
  if (before && !before.accepted) throw inWords(error); // who said no is not asked again
  const request = { method: 'elicitation/create', params: elicitation };
  const rest = before ? before.rest : call.continuation;
  return {
    kind: 'input_required',
    required: {
      inputRequests: { [key]: request } as JsonObject,
      ...(rest ? { requestState: `${statePrefix}${JSON.stringify(rest)}` } : {}),
    },
  };
}

function elicitationIn(data: unknown): JsonObject | undefined {
  const [first] = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations : [];
  return isObject(first) ? (first as JsonObject) : undefined;
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isObject(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
