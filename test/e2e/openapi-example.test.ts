import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/index.ts';
import { type Console, openConsole, shownAs, stepsOf } from './console.ts';
import { fencesOf } from './markdown.ts';
import { type Started, startWith } from './started.ts';

// The story of examples/openapi, as somebody follows it who reads its page.

const page = 'examples/openapi/README.md';
let api: ChildProcess;
let server: Started;
let shell: Console;

beforeAll(async () => {
  const [exported = '', runApi = '', serve = ''] = fencesOf(page, 'sh')[0]?.text.trim().split('\n') ?? [];
  const said = Object.fromEntries([...exported.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const env = { ...said, ORDERS_PORT: String(await freePort()) };
  api = spawn(join(packageRoot, 'node_modules/.bin/node'), runApi.replace(/^node | &$/g, '').split(' '), {
    cwd: packageRoot,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (api.stdout) await once(api.stdout, 'data');
  server = await startWith(serve.replace('npx fairlead', 'node src/main.ts'), env);
  shell = openConsole(server.env);
}, 180_000);
afterAll(async () => {
  shell?.close();
  await server?.stop();
  api?.kill();
});

async function freePort(): Promise<number> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  return typeof address === 'object' && address ? address.port : 0;
}

it.each(fencesOf(page, 'console'))(
  'the page shows at line $line what its commands print [SP-21] [CA-3]',
  { timeout: 180_000 },
  async ({ text }) => {
    for (const { command, expected } of stepsOf(text)) {
      const printed = await shell.run(command);
      expect(`$ ${command}\n${shownAs(printed, expected)}`).toBe(`$ ${command}\n${expected.join('\n')}`);
    }
  },
);
