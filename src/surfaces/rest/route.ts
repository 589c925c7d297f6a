import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Scope } from '../../capabilities/access/index.ts';
import type { ErrorKind } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { OrgId, Principal } from '../../kernel/principal.ts';
import type { HttpEnv } from '../http/admission.ts';

/** What a handler works with: everything checked. */
export interface Input<P = unknown, Q = unknown, B = unknown, H = unknown> {
  c: Context<HttpEnv>;
  principal: Principal;
  /** The organisation that is looked at or acted in; the principal's own unless `inOrg` and asked otherwise. */
  org: OrgId;
  params: P;
  query: Q;
  headers: H;
  body: B;
  clientAddress: string | undefined;
}

/** What a handler answers. */
export interface Reply {
  status: number;
  /** Sent as JSON; nothing is sent when undefined. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A response as it is documented. */
export interface Answer {
  description: string;
  schema?: z.ZodType;
  example?: unknown;
  /** `application/json` by default. */
  contentType?: string;
  headers?: z.ZodObject;
}

/** How the audit knows an administrative act. */
export interface ActSpec<I> {
  /** Such as `keys.create`. */
  action: string;
  /** What it is done to; `made` is the body of the answer once there is one. */
  subject(input: I, made: unknown): string;
  detail?(input: I): JsonObject;
  /** What the answer adds to it. */
  told?(made: unknown): JsonObject;
  /** Whose chain keeps the record; by default that of the organisation acted in. */
  keptBy?: 'actor';
}

export interface RouteSpec<
  P extends z.ZodType = z.ZodType<unknown>,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType<unknown>,
  H extends z.ZodObject = z.ZodObject,
> {
  method: 'get' | 'post' | 'put' | 'delete';
  /** With parameters in braces. */
  path: string;
  tag: string;
  summary: string;
  description: string;
  /** What the caller must hold; anybody who is let in when absent. */
  scope?: Scope;
  /** The one thing that a sealed break-glass credential is for. */
  opensSealed?: boolean;
  /** Takes `?org=`: an administrator of the default organisation reaches every other. */
  inOrg?: boolean;
  params?: P;
  query?: Q;
  headers?: H;
  body?: B;
  /** The body is a form with files, of at most so many bytes; `body` is held against its fields. */
  form?: { maxBytes: number };
  /** The body goes to somebody else as it is, whatever characters it has. */
  foreignBody?: boolean;
  /** What the documentation says of the body, where `body` leaves the checking to a capability. */
  documentedBody?: z.ZodType;
  bodyExample?: unknown;
  answers: Record<number, Answer>;
  /** Refusals beside those that every route has. */
  errors?: readonly ErrorKind[];
  act?: ActSpec<Input<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>>;
  handle(
    input: Input<z.output<P>, z.output<Q>, z.output<B>, z.output<H>>,
  ): Promise<Reply | Response> | Reply | Response;
}

/** A route whose types have done their work. */
// biome-ignore lint/suspicious/noExplicitAny: handlers of all routes stand in one list
export type Route = RouteSpec<any, any, any, any>;

/** Says what a route is; the handler's input has the types of its schemas. */
export function route<
  P extends z.ZodType = z.ZodType<unknown>,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType<unknown>,
  H extends z.ZodObject = z.ZodObject,
>(spec: RouteSpec<P, Q, B, H>): Route {
  return spec as Route;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
