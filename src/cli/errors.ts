import type { ErrorBody } from '../kernel/errors.ts';
import { exitCodes } from './command.ts';

/** Why a command could not do what it was asked, and what to do next. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly exitCode: number;
  /** What to do next. */
  readonly action: string;
  /** What the server said, where it was the server. */
  readonly body: ErrorBody | undefined;

  constructor(exitCode: number, message: string, action: string, more: { cause?: unknown; body?: ErrorBody } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.exitCode = exitCode;
    this.action = action;
    this.body = more.body;
  }
}

export function wrongUsage(message: string, action = 'Add --help to see how it is meant.'): CommandFailed {
  return new CommandFailed(exitCodes.usage, message, action);
}

export function noServer(): CommandFailed {
  return new CommandFailed(
    exitCodes.unreachable,
    'No Fairlead runs on this machine as far as can be told, and no address was given.',
    'Start one with `npx fairlead serve`, or name a server with --url and --key (FAIRLEAD_URL and FAIRLEAD_KEY).',
  );
}

/** @param servers each in one line */
export function severalServers(dataDir: string, servers: readonly string[]): CommandFailed {
  return wrongUsage(
    `Several servers of yours run, and none has the data folder of this folder, ${dataDir}:\n  ${servers.join('\n  ')}`,
    'Name one with --url (FAIRLEAD_URL), or run this in its folder.',
  );
}

export function noServerOf(dataDir: string): CommandFailed {
  return new CommandFailed(
    exitCodes.unreachable,
    `No Fairlead of yours runs on the data folder ${dataDir}.`,
    'Start it there with `npx fairlead serve`, or name a server with --url and --key (FAIRLEAD_URL and FAIRLEAD_KEY).',
  );
}

export function noKey(url: string): CommandFailed {
  return new CommandFailed(
    exitCodes.unauthenticated,
    `There is no API key for ${url}.`,
    'Give one with FAIRLEAD_KEY or --key; `npx fairlead keys create --offline` makes one where the data is.',
  );
}

/** @throws CommandFailed when the key cannot stand in a header, which else reads as a server that does not answer */
export function refuseUnfitKey(url: string, key: string): void {
  if (/^[\x20-\x7e]*$/.test(key.trim())) return;
  throw new CommandFailed(
    exitCodes.unauthenticated,
    `The API key for ${url} holds characters that no key has.`,
    'Copy it once more, and give it with FAIRLEAD_KEY or --key.',
  );
}

export function unreachable(url: string, cause: unknown): CommandFailed {
  return new CommandFailed(
    exitCodes.unreachable,
    `Nothing answers at ${url}: ${reasonOf(cause)}.`,
    'Start the server with `npx fairlead serve`, or give another address with --url (FAIRLEAD_URL).',
    { cause },
  );
}

/** The innermost reason of a failed request, in one line. */
export function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0];
  if (!(inner instanceof Error)) return String(inner);
  const code = (inner as NodeJS.ErrnoException).code;
  return (code && reasons[code]) || inner.message || code || 'no reason given';
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'there is no host of that name',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed (name it in NODE_EXTRA_CA_CERTS)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed (name the authority in NODE_EXTRA_CA_CERTS)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown authority (name it in NODE_EXTRA_CA_CERTS)',
};
