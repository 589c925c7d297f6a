import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { type Access, anonymousPrincipal, MissingCredential, missingScope } from '../../capabilities/access/index.ts';
import type { EndpointSettings } from '../../config/schema.ts';
import { asFairleadError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { type AddressRanges, clientAddress, isFromThisMachine } from '../../platform/http/index.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Admitted } from '../mcp/index.ts';
import { problemResponse } from './problem.ts';

/** What routes find in their context. */
export interface HttpEnv {
  Bindings: HttpBindings;
  Variables: { requestId: string; principal: Principal; clientAddress: string | undefined };
}

/** What is known of endpoints before anybody is let in. */
export interface EndpointNames {
  /** Whoever it belongs to. */
  exists(name: string): boolean;
  /** The one that the file declares: only those can be open to callers without a token. */
  declaredAs(name: string): EndpointSettings | undefined;
}

export interface AdmissionDeps {
  access: Access;
  log: Log;
  publicUrl: string;
  trustedProxies: AddressRanges;
  endpoints: EndpointNames;
}

/** What a request tells of its caller. */
export interface Caller {
  authorization: string | undefined;
  forwardedFor: string | undefined;
  socketAddress: string | undefined;
  requestId: string;
}

/** Who calls: decided here, once, for every surface. */
export interface Admission {
  /** Throws what `access` throws. */
  principal(c: Context<HttpEnv>): Promise<Principal>;
  /** The MCP surface's way in; the response is the challenge when nobody is let in. */
  admit(c: Context<HttpEnv>, endpoint: string | undefined): Promise<Admitted | Response>;
  /** The same for whoever words a refusal otherwise. Throws what `access` throws. */
  enter(caller: Caller, endpoint: string | undefined): Promise<Admitted>;
  address(c: Context<HttpEnv>): string | undefined;
  /** Whether the request began on this machine, whatever proxies it came through. */
  isLocal(c: Context<HttpEnv>): boolean;
  metadataUrl(path: string): string;
}

export function createAdmission({
  access,
  log,
  publicUrl,
  trustedProxies,
  endpoints: { declaredAs },
}: AdmissionDeps): Admission {
  const callerOf = (c: Context<HttpEnv>): Caller => ({
    authorization: c.req.header('authorization'),
    forwardedFor: c.req.header('x-forwarded-for'),
    socketAddress: c.env?.incoming?.socket?.remoteAddress,
    requestId: c.get('requestId'),
  });
  const addressOf = ({ socketAddress, forwardedFor }: Caller) =>
    clientAddress(socketAddress, forwardedFor, trustedProxies);
  const isLocal = (c: Context<HttpEnv>) =>
    isFromThisMachine(c.env?.incoming?.socket?.remoteAddress, (name) => c.req.header(name), trustedProxies);
  const metadataUrl = (path: string) => new URL(`/.well-known/oauth-protected-resource${path}`, publicUrl).href;

  const enter = async (caller: Caller, endpoint: string | undefined): Promise<Admitted> => {
    const bearer = bearerOf(caller.authorization);
    const address = addressOf(caller);
    const authenticate = async (): Promise<Principal> => {
      const settings = endpoint === undefined ? undefined : declaredAs(endpoint);
      if (bearer === undefined && settings?.anonymous) return anonymousPrincipal(settings.org, settings.anonymous);
      return access.authenticate(bearer, address);
    };
    const principal = await authenticate();
    access.require(principal, 'tools:call');
    const { requestId } = caller;
    return { principal, endpoint, clientAddress: address, requestId, revalidate: authenticate };
  };

  return {
    address: (c) => addressOf(callerOf(c)),
    isLocal,
    metadataUrl,
    principal: (c) => access.authenticate(bearerOf(c.req.header('authorization')), addressOf(callerOf(c))),
    enter,
    async admit(c, endpoint) {
      const bearer = bearerOf(c.req.header('authorization'));
      const anonymous = endpoint === undefined ? undefined : declaredAs(endpoint)?.anonymous;
      try {
        return await enter(callerOf(c), endpoint);
      } catch (error) {
        const { spec } = asFairleadError(error);
        const path = endpoint === undefined ? '/mcp' : `/mcp/${endpoint}`;
        const scope = missingScope(error);
        const told =
          scope !== undefined
            ? `Bearer error="insufficient_scope", scope="${scope}", resource_metadata="${metadataUrl(path)}"`
            : spec.status === 401 && anonymous === undefined
              ? challenge(metadataUrl(path), bearer !== undefined)
              : undefined;
        return problemResponse(error, log, told === undefined ? {} : { headers: { 'www-authenticate': told } });
      }
    },
  };
}

/**
 * RFC 9728: the challenge says where to learn who gives out tokens, and for what to ask. A client that is not told takes
 * every scope that the metadata names.
 */
function challenge(metadataUrl: string, presented: boolean): string {
  return `Bearer ${presented ? 'error="invalid_token", ' : ''}resource_metadata="${metadataUrl}", scope="tools:read tools:call"`;
}

function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^Bearer +(.*\S) *$/i.exec(header); // an admin key may be any text
  if (!match) throw MissingCredential();
  return match[1];
}
