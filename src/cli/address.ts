import { commandLineSettings, nameDataDir } from '../config/index.ts';
import { type CliContext, type CommandInput, textOf } from './command.ts';
import { noServer, noServerOf, severalServers, wrongUsage } from './errors.ts';
import { offlineFlags } from './offline.ts';
import { readStartNotes, type StartNote, sameFolder } from './start-notes.ts';
import { screenOf } from './terminal.ts';

/** Which server to talk to, and as whom. */
export interface ServerAddress {
  /** Origin and path without a slash at the end, such as `http://127.0.0.1:7300`. */
  url: string;
  /** Undefined when nothing gives one. */
  key: string | undefined;
  /** Whether the key is the one that the server made for this machine's command line. */
  keyIsLocal: boolean;
  /** Where the server is one that this user runs on this machine. */
  note: StartNote | undefined;
  /** Nobody named the server, and it is not of this folder: it is the only one that runs. */
  isElsewhere: boolean;
}

/**
 * Flags win over FAIRLEAD_URL and FAIRLEAD_KEY, and those over the servers that run on this machine. The key of such a
 * server goes to that server alone, whatever address somebody gives.
 *
 * @throws CommandFailed when nothing gives an address, or several servers could be meant
 */
export async function findServer(
  context: Pick<CliContext, 'env' | 'cwd'>,
  options: CommandInput['options'] = {},
): Promise<ServerAddress> {
  const settings = commandLineSettings(context.env);
  const notes = await readStartNotes(settings.startNotes);
  const stated = textOf(options.url) ?? settings.url;
  const { note, isElsewhere } =
    stated === undefined
      ? chooseServer(notes, context, options)
      : { note: notes.find(({ url }) => sameServer(url, originOf(stated))), isElsewhere: false };
  const url = originOf(stated ?? note?.url);
  const given = textOf(options.key) ?? settings.key;
  return { url, key: given ?? note?.key, note, isElsewhere, keyIsLocal: given === undefined && note !== undefined };
}

/** Names a server that nobody named, for whoever thinks of another one. */
export function sayElsewhere({ isElsewhere, url, note }: ServerAddress, context: CliContext): void {
  if (isElsewhere)
    screenOf(context).note(`This goes to ${url} (data folder ${note?.dataDir}), the only one that runs.`);
}

function chooseServer(
  notes: readonly StartNote[],
  { env, cwd }: Pick<CliContext, 'env' | 'cwd'>,
  options: CommandInput['options'],
): { note: StartNote; isElsewhere: boolean } {
  const [only, another] = notes;
  const namesFolder = textOf(options.dataDir) !== undefined;
  if (!only && !namesFolder) throw noServer();
  const dataDir = nameDataDir({ env, cwd, flags: offlineFlags(options) });
  const note = notes.find((each) => sameFolder(each.dataDir, dataDir));
  if (note) return { note, isElsewhere: false };
  if (!only || namesFolder) throw noServerOf(dataDir);
  if (another) throw severalServers(dataDir, notes.map(describeServer));
  return { note: only, isElsewhere: true };
}

function describeServer({ url, dataDir, startedAt }: StartNote): string {
  return `${url}  data folder ${dataDir}  since ${startedAt}`;
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
