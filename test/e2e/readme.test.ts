import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLines } from '../../src/cli/connect-lines.ts';
import { checkYaml } from './blocks.ts';
import { type Console, openConsole, shownAs, stepsOf } from './console.ts';
import { fencesOf, readPage } from './markdown.ts';
import { type Started, startWith } from './started.ts';

// The README as somebody follows it who has just cloned the repository, from the first block to the last.

const usualUrl = 'http://127.0.0.1:7300';
const commands = fencesOf('README.md', 'sh').map(({ text }) => text.trim());
const blocks = fencesOf('README.md', 'console');

let server: Started;
let shell: Console;

beforeAll(async () => {
  server = await startWith(commands[0] ?? '');
  shell = openConsole(server.env);
}, 180_000);
afterAll(async () => {
  shell?.close();
  await server?.stop();
});

/** The server of the README listens on the usual port. */
const here = (command: string) => command.replaceAll(usualUrl, server.url);
const there = (output: string) => output.replaceAll(server.url, usualUrl);

describe('the two commands', () => {
  it('are two, and the first serves and prints address, admin key and what connects each client it names [SP-21] [SP-1]', () => {
    expect(commands).toEqual(['npm start', 'npx fairlead connect']);
    expect(server.printed).toMatch(/Admin API key, shown this once:\n {2}fl_/);
    const promised = /the lines that connect ([^.]*)\./.exec(readPage('README.md').text)?.[1] ?? '';
    const clients = promised.split(/,\s+| and the /);
    expect(clients.length).toBeGreaterThan(4);
    for (const client of clients) expect(server.printed).toContain(`\n${client} (`);
  });

  it('have a second that prints the lines of every client [SP-21]', async () => {
    const printed = there(await shell.run(here(commands[1] ?? '')));
    for (const { client } of connectLines(`${usualUrl}/mcp`, 'key')) expect(printed).toContain(`${client} (`);
    expect(printed).toContain('Codex (');
    expect(printed).toContain(`${usualUrl}/mcp`);
  });
});

describe('the tour', () => {
  it.each(blocks)('shows at line $line what its commands print [SP-21]', { timeout: 180_000 }, async ({ text }) => {
    for (const { command, expected } of stepsOf(text)) {
      const printed = there(await shell.run(here(command)));
      expect(`$ ${command}\n${shownAs(printed, expected)}`).toBe(`$ ${command}\n${expected.join('\n')}`);
    }
  });

  it('holds something to run [SP-21]', () => {
    expect(blocks.length).toBeGreaterThan(4);
  });
});

describe('the configuration', () => {
  it.each(fencesOf('README.md', 'yaml'))('at line $line is one that Fairlead takes [SP-21]', async ({ text }) => {
    expect(await checkYaml(text)).toBe('');
  });
});
