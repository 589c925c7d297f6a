import { commandLineSettings } from '../config/index.ts';
import { type CliContext, type CommandInput, textOf } from './command.ts';
import { noServer, wrongUsage } from './errors.ts';
import { readLastStart } from './last-start.ts';

/** Which server to talk to, and as whom. */
export interface ServerAddress {
  /** Origin and path without a slash at the end, such as `http://127.0.0.1:7300`. */
  url: string;
  /** Undefined when nothing gives one. */
  key: string | undefined;
  /** Whether the key is the one that the last start made for this machine's command line. */
  keyIsLocal: boolean;
  /** Whether the server is the one that was started last on this machine. */
  isLocal: boolean;
}

/**
 * Flags win over FAIRLEAD_URL and FAIRLEAD_KEY, and those over the last start on this machine. The key of the last
 * start goes to that server alone, whatever address somebody gives.
 *
 * @throws CommandFailed when nothing gives an address
 */
export async function findServer(
  { env }: Pick<CliContext, 'env'>,
  options: CommandInput['options'] = {},
): Promise<ServerAddress> {
  const settings = commandLineSettings(env);
  const last = await readLastStart(settings.lastStartFile);
  const url = originOf(textOf(options.url) ?? settings.url ?? last?.url);
  const isLocal = last !== undefined && sameServer(last.url, url);
  const given = textOf(options.key) ?? settings.key;
  const key = given ?? (isLocal ? last.key : undefined);
  return { url, key, isLocal, keyIsLocal: given === undefined && isLocal };
}

/** Also takes what people copy: the address of the MCP endpoint. */
function originOf(text: string | undefined): string {
  if (text === undefined) throw noServer();
  const full = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) throw wrongUsage('The address of the server is not a URL.', 'Such as http://127.0.0.1:7300');
  const url = new URL(full);
  return `${url.origin}${url.pathname.replace(/\/mcp(\/[^/]*)?\/?$/, '').replace(/\/+$/, '')}`;
}

function sameServer(one: string, other: string): boolean {
  const plain = (text: string) => text.replace(/^(https?:\/\/)(localhost|\[::1\])(?=[:/]|$)/, '$1127.0.0.1');
  return plain(one) === plain(other);
}
