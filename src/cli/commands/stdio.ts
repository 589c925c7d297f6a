import { createEgress } from '../../platform/http/egress.ts';
import { createLog, type LogLevel } from '../../platform/telemetry/log.ts';
import { findServer, sayElsewhere } from '../address.ts';
import { type CommandSpec, exitCodes, textOf } from '../command.ts';
import { noKey, refuseUnfitKey, wrongUsage } from '../errors.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Lets clients that only start programs reach a server that runs. */
export const stdio: CommandSpec = {
  path: ['stdio'],
  summary: 'bridge a client that only starts programs to a running server',
  about:
    'Speaks MCP over standard input and output, and Streamable HTTP to the server, by any revision: messages pass as\n' +
    'they are. A server that is restarted is found again. Standard output carries nothing but MCP; logs go to standard\n' +
    'error. It ends when its client closes standard input. Meant for the configuration of a client; see `connect stdio`.',
  options: [
    { flags: '--endpoint <name>', help: 'the tools of a named endpoint' },
    { flags: '--data-dir <folder>', help: 'to the server on this machine that has this data folder, and no other' },
    { flags: '--log-level <level>', help: 'trace to error, or silent', default: 'warn' },
  ],
  examples: [
    { line: 'fairlead stdio', does: 'to the server of this folder, or the only one that runs on this machine' },
    { line: 'FAIRLEAD_KEY=fl_... fairlead stdio --url https://fairlead.example.com', does: 'to another one' },
  ],
  remote: true,
  async run(context, { options }) {
    const { stdin, stdout, stderr, signal } = context;
    const level = textOf(options.logLevel) ?? 'warn';
    if (!levels.includes(level)) throw wrongUsage(`--log-level must be one of ${levels.join(', ')}.`);
    const log = createLog({ level: level as LogLevel, service: 'fairlead-stdio', destination: stderr });
    const egress = createEgress({ allow: [], log });
    const endpoint = textOf(options.endpoint);
    const path = endpoint === undefined ? '/mcp' : `/mcp/${encodeURIComponent(endpoint)}`;
    const find = async () => {
      const server = await findServer(context, dataDir === undefined ? options : { ...options, dataDir });
      const { url, key } = server;
      if (key === undefined) throw noKey(url);
      refuseUnfitKey(url, key);
      return { ...server, mcpUrl: `${url}${path}`, key };
    };
    let dataDir: string | undefined;
    const first = await find(); // a client shows what its program says at once better than what it says later
    sayElsewhere(first, context);
    dataDir = first.note?.dataDir; // another server is not to take the place of one that stops
    const [{ StdioServerTransport }, { createBridge }, { openConnection }, { clientLines }] = await Promise.all([
      import('@modelcontextprotocol/server/stdio'),
      import('../bridge/bridge.ts'),
      import('../bridge/connection.ts'),
      import('../bridge/lines.ts'),
    ]);
    const lines = clientLines(stdin, () => bridge.isIdle());
    const bridge = createBridge({
      client: new StdioServerTransport(lines as never, stdout as never),
      open: async (events) => {
        const { mcpUrl, key, freshKey } = await find(); // anew: address and key change when the server is started again
        const fetch = async (url: string | URL | Request, init?: RequestInit) => {
          const headers = new Headers(init?.headers);
          const fresh = await freshKey?.();
          if (fresh !== undefined) headers.set('authorization', `Bearer ${fresh}`);
          return egress.fetch(url as string | URL, { ...init, headers, guarded: false });
        };
        return openConnection({ mcpUrl, key, fetch, log }, events);
      },
      log,
    });
    const stop = () => void bridge.stop();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await bridge.run();
    stdin.destroy();
    await egress.stop();
    return exitCodes.ok;
  },
};
