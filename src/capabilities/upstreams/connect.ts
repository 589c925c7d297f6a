import { type PriorDiscovery, SdkError, SdkErrorCode } from '@modelcontextprotocol/client';
import type { HttpUpstreamSettings, StdioUpstreamSettings } from '../../config/schema.ts';
import type { Principal } from '../../kernel/principal.ts';
import { type Connection, type ConnectionEvents, createClient, createConnection } from './connection.ts';
import { createDirectExchange, type DirectExchange } from './direct.ts';
import { bounded, httpStatus } from './failures.ts';
import type { Scopes } from './flight.ts';
import { createHttpTransport, type HttpTransport } from './http.ts';
import { openApi } from './openapi/api.ts';
import { orAborted } from './relay.ts';
import { cleanError } from './secrets.ts';
import { createStdioTransport, exitReason, lastWordsOf, ProcessEnded, type StdioTransport } from './stdio.ts';
import type { Authorizer, Declaration, Surroundings, TransportKind } from './types.ts';

/** What was learned about an upstream: which transport and protocol it speaks. One for each authorization context. */
export interface EraMemory {
  kind?: TransportKind;
  prior?: PriorDiscovery;
  /** When it was learned: a legacy verdict would otherwise hold for ever, an upgraded server still answers to it. */
  learnedAt?: number;
}

const memoryMs = 24 * 60 * 60_000;

interface Options {
  declaration: Declaration;
  /** Whose connection it is, where not everybody's. */
  who?: Principal | undefined;
  memory: EraMemory;
  around: Surroundings;
  scopes: Scopes;
  events: ConnectionEvents;
  /** Ends the attempt. */
  signal: AbortSignal;
  /** Takes secrets out of text. */
  redact(text: string): string;
}

/** Connects to an upstream, whatever it speaks. What is learned on the way is kept in `memory`. */
export function openConnection(options: Options): Promise<Connection> {
  const { scopes, declaration, memory, around } = options;
  const { settings } = declaration;
  if (memory.learnedAt !== undefined && around.now() - memory.learnedAt > memoryMs) forget(memory);
  // Standing streams inherit the async context that they are opened in; they belong to no call.
  return scopes.run(undefined, async () => {
    try {
      if ('command' in settings) return await openStdio(options, settings);
      return 'openapi' in settings ? await openApi({ ...options, settings }) : await openHttp(options, settings);
    } catch (error) {
      forget(memory);
      throw cleanError(error, options.redact);
    }
  });
}

export function forget(memory: EraMemory): void {
  delete memory.kind;
  delete memory.prior;
  delete memory.learnedAt;
}

async function openStdio(options: Options, settings: StdioUpstreamSettings): Promise<Connection> {
  const { memory } = options;
  const first = stdioTransport(options, settings);
  try {
    return await attach(options, 'stdio', first);
  } catch (error) {
    // Some older servers end at once when the first message is not `initialize`: they get a fresh process.
    const diedOnProbe = first.exit() && error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed;
    if (!diedOnProbe || options.signal.aborted) throw startFailure(error, first);
    memory.prior = { kind: 'legacy' };
    const second = stdioTransport(options, settings);
    try {
      return await attach(options, 'stdio', second);
    } catch (secondError) {
      throw startFailure(secondError, second);
    }
  }
}

async function openHttp(options: Options, settings: HttpUpstreamSettings): Promise<Connection> {
  const { memory, declaration, around, scopes } = options;
  const make = (kind: 'http' | 'sse') =>
    createHttpTransport(kind, {
      settings,
      guarded: declaration.source === 'runtime',
      egress: around.egress,
      scopes,
      timing: around.timing,
      authorizerFor: authorizers(options),
    });
  const kind = settings.transport === 'auto' ? memory.kind : settings.transport;
  if (kind === 'sse') return attach(options, 'sse', make('sse'));
  try {
    return await attach(options, 'http', make('http'));
  } catch (error) {
    // MCP's backwards compatibility: a server that does not take the POST may be one of HTTP+SSE.
    const notThere = [400, 404, 405].includes(httpStatus(error) ?? 0);
    if (settings.transport !== 'auto' || kind === 'http' || !notThere || options.signal.aborted) throw error;
    delete memory.prior;
    return await attach(options, 'sse', make('sse')).catch(() => {
      throw error; // what the first one said is nearer to the truth
    });
  }
}

async function attach(
  options: Options,
  kind: TransportKind,
  transport: HttpTransport | StdioTransport,
): Promise<Connection> {
  const { declaration, memory, around, scopes, events, signal, redact } = options;
  const { startTimeoutMs } = declaration.settings;
  const client = createClient(around, startTimeoutMs);
  const prior: PriorDiscovery | undefined = kind === 'sse' ? { kind: 'legacy' } : memory.prior;
  const abort = () => void transport.close().catch(() => undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const connecting = client.connect(transport, {
      timeout: Math.max(startTimeoutMs, around.timing.connectMs),
      signal,
      ...(prior ? { prior } : {}),
    });
    await orAborted(connecting, signal);
  } catch (error) {
    await transport.close().catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const discover = client.getDiscoverResult();
  memory.kind = kind;
  memory.prior = discover ? { kind: 'modern', discover } : { kind: 'legacy' };
  memory.learnedAt ??= around.now();
  const whyClosed = () => {
    const exit = 'exit' in transport ? transport.exit() : undefined;
    return transport.oversize()?.message ?? (exit && exitReason(exit));
  };
  const { name } = declaration;
  const { oversize } = transport;
  const direct = kind === 'http' && discover ? directTo(options, client.getNegotiatedProtocolVersion()) : undefined;
  const parts = { name, kind, client, transport, scopes, around, events, direct, redact };
  return createConnection({ ...parts, whyClosed, oversize });
}

function directTo(options: Options, protocolVersion: string | undefined): DirectExchange | undefined {
  const { declaration, around } = options;
  const { settings, source } = declaration;
  if (!('url' in settings) || protocolVersion === undefined) return undefined;
  const { egress, timing, clientInfo } = around;
  const guarded = source === 'runtime';
  const authorizerFor = authorizers(options);
  return createDirectExchange({ settings, guarded, egress, timing, clientInfo, protocolVersion, authorizerFor });
}

/** By who is behind a request; one of nobody in particular is the connection's own. */
function authorizers({ declaration, around: { credentials }, who }: Options) {
  return (caller: Principal | undefined): Authorizer | undefined =>
    credentials?.authorizerFor(declaration, caller ?? who);
}

interface SpokenTransport extends StdioTransport {
  lastWords(): string | undefined;
}

function stdioTransport({ declaration, around, redact }: Options, settings: StdioUpstreamSettings): SpokenTransport {
  const { name } = declaration;
  const log = around.log.child({ upstream: name });
  const speak = allowance(20, 1_000);
  const noise = allowance(5, 10_000);
  const last = lastWordsOf();
  const transport = createStdioTransport({
    launch: () =>
      around.processes.spawn({
        command: settings.command,
        args: settings.args,
        env: settings.env,
        ...(settings.cwd === undefined ? {} : { cwd: settings.cwd }),
        label: name,
      }),
    maxMessageBytes: around.timing.maxMessageBytes,
    stderr(line) {
      const text = bounded(redact(line), 1_000);
      last.hear(text);
      speak(() => log.info({ line: text }, 'upstream stderr'));
    },
    garbage: (line) =>
      noise(() =>
        log.warn({ line: bounded(redact(line), 200) }, 'upstream wrote something to stdout that is no message'),
      ),
  });
  return Object.assign(transport, { lastWords: last.tell });
}

/** Lets through `count` of something in each period, so that an upstream that floods us costs next to nothing. */
function allowance(count: number, periodMs: number): (act: () => void) => void {
  let left = count;
  let since = 0;
  return (act) => {
    const now = performance.now();
    if (now - since > periodMs) {
      since = now;
      left = count;
    }
    if (left-- > 0) act();
  };
}

/** The process's own end says more than what its absence led to. */
function startFailure(error: unknown, transport: SpokenTransport): unknown {
  const exit = transport.exit();
  return exit ? new ProcessEnded(exit, error, transport.lastWords()) : error;
}
