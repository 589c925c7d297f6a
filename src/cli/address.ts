import { commandLineSettings, nameDataDir } from '../config/index.ts';
import { type CliContext, type CommandInput, textOf } from './command.ts';
import { noServer, noServerOf, severalServers, wrongUsage } from './errors.ts';
import { tokenFor } from './login-token.ts';
import { offlineFlags } from './offline.ts';
import { readStartNotes, type StartNote, sameFolder } from './start-notes.ts';
import { screenOf } from './terminal.ts';

/** Which server to talk to, and as whom. */
export interface ServerAddress {
  /** Origin and path without a slash at the end, such as `http://127.0.0.1:7300`. */
  url: string;
  /** Undefined when nothing gives one. */
  key: string | undefined;
  /** Whether the key is this command line's alone: the server's own on this machine, or a login's, which soon ends. */
  keyIsLocal: boolean;
  /** Present where the key is a login's: the one that counts by now. */
  freshKey?(): Promise<string | undefined>;
  /** Where the server is one that this user runs on this machine. */
  note: StartNote | undefined;
  /** Nobody named the server, and it is not of this folder: it is the only one that runs. */
  isElsewhere: boolean;
}

/**
 * Flags win over FAIRLEAD_URL and FAIRLEAD_KEY, those over what `fairlead login` got, and that over the key of a server
 * that runs on this machine. The key of such a
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
  // Whoever signed in acts as themselves, on the machine of the server, too.
  const token = given === undefined ? await tokenFor(settings.logins, url) : undefined;
  const key = given ?? token ?? note?.key;
  return {
    url,
    key,
    note,
    isElsewhere,
    keyIsLocal: given === undefined && key !== undefined,
    ...(token === undefined ? {} : { freshKey: () => tokenFor(settings.logins, url) }),
  };
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
