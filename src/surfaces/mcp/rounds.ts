import { inputRequired, ProtocolError, type RequestStateCodec } from '@modelcontextprotocol/server';
import type { Gateway } from '../../gateway/index.ts';
import type { CallEnd, CallerLink, CallReply, CallRequest, Operation } from '../../kernel/call.ts';
import { digestOf } from '../../kernel/digest.ts';
import { newId } from '../../kernel/ids.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Parking, Round, RoundEnd } from './parking.ts';
import { asObject } from './results.ts';
import type { SealedState } from './state.ts';

/** What the caller asks for in this request. */
export interface Asked {
  principal: Principal;
  endpoint: string | undefined;
  operation: Operation;
  target: string;
  arguments: JsonObject;
  meta: JsonObject;
  clientAddress: string | undefined;
  requestId: string | undefined;
}

/** What a caller brings back of the round before. */
export interface Brought {
  state?: SealedState | undefined;
  inputResponses?: unknown;
}

/** What a request of the stateless revision came to. */
export type RoundOver = { end: CallEnd } | { inputRequired: JsonObject };

/** One request of the stateless revision: a whole call, or one round of it. */
export interface Rounds {
  run(asked: Asked, round: Round, brought?: Brought): Promise<RoundOver>;
}

const maxRounds = 16;

interface Deps {
  gateway: Gateway;
  parking: Parking;
  codec: RequestStateCodec<SealedState>;
}

/** What is asked for as a call of the gateway. */
export function callOf(asked: Asked, link: CallerLink, signal: AbortSignal): CallRequest {
  return {
    principal: asked.principal,
    surface: 'mcp',
    operation: asked.operation,
    target: asked.target,
    ...(asked.endpoint === undefined ? {} : { endpoint: asked.endpoint }),
    arguments: asked.arguments,
    meta: asked.meta,
    link,
    signal,
    ...(asked.clientAddress === undefined ? {} : { clientAddress: asked.clientAddress }),
    ...(asked.requestId === undefined ? {} : { requestId: asked.requestId }),
  };
}

export function createRounds({ gateway, parking, codec }: Deps): Rounds {
  /** An answer belongs to one caller, one request, and the very tool that asked, on the endpoint where it asked. */
  const identityOf = ({ principal, operation, endpoint, target, arguments: args }: Asked): string => {
    const tool = operation === 'tool' ? gateway.view(principal.org, endpoint).findTool(target) : undefined;
    return digestOf([principal.org, principal.id, operation, endpoint ?? null, target, tool?.id, tool?.digest, args]);
  };

  /** What ends the round becomes an end, or questions with a sealed state. */
  const answer = async (asked: Asked, callId: string, end: RoundEnd, rounds = 1): Promise<RoundOver> => {
    if (end.kind === 'questions') {
      const requestState = await codec.mint({ identity: identityOf(asked), callId, parked: true });
      return { inputRequired: build(end.inputRequests, requestState) };
    }
    const reply: CallReply = end.reply;
    if (reply.kind === 'end') return { end: reply.end };
    const { inputRequests, requestState: upstream } = reply.required;
    const identity = identityOf(asked);
    const sealed = { identity, callId, rounds, ...(upstream === undefined ? {} : { upstream }) };
    return { inputRequired: build(inputRequests, await codec.mint(sealed)) };
  };

  return {
    async run(asked, round, { state, ...brought } = {}) {
      if (!state) {
        const id = newId('call');
        const end = await parking.open(round, id, (link, stop) =>
          gateway.call({ ...callOf(asked, link, stop.signal), stop, id }),
        );
        return answer(asked, id, end);
      }
      if (state.identity !== identityOf(asked)) {
        throw new ProtocolError(-32602, 'This requestState belongs to another call.', {
          reason: 'invalid_request_state',
        });
      }
      const inputResponses = asObject(brought.inputResponses);
      if (state.parked) {
        const resumed = parking.resume(round, state.callId, inputResponses);
        if (!resumed) {
          throw new ProtocolError(
            -32602,
            'The call that waited for this answer is over or waits on another server. Call again from the start.',
            { reason: 'invalid_request_state' },
          );
        }
        return answer(asked, state.callId, await resumed);
      }
      const rounds = (state.rounds ?? 1) + 1;
      if (rounds > maxRounds) {
        throw new ProtocolError(-32602, `The tool has asked ${maxRounds} times. Call again from the start.`);
      }
      const continuation = {
        ...(state.upstream === undefined ? {} : { requestState: state.upstream }),
        inputResponses,
      };
      // A call of its own: whoever sends the same state twice has the tool run twice, and both stand in the audit.
      const id = newId('call');
      const end = await parking.open(round, id, (link, stop) =>
        gateway.call({ ...callOf(asked, link, stop.signal), stop, id, continuation, parentCallId: state.callId }),
      );
      return answer(asked, state.callId, end, rounds);
    },
  };
}

function build(inputRequests: JsonObject | undefined, requestState: string): JsonObject {
  const spec = { ...(inputRequests ? { inputRequests } : {}), requestState };
  return inputRequired(spec as Parameters<typeof inputRequired>[0]) as unknown as JsonObject;
}
