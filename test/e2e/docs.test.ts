import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkPolicyText } from '../../src/capabilities/policy/index.ts';
import { packageRoot } from '../../src/config/index.ts';
import { checkYaml } from './blocks.ts';
import { type Console, openConsole, shownAs, stepsOf } from './console.ts';
import { fencesOf } from './markdown.ts';
import { type Started, startWith } from './started.ts';

// In the how-tos, yaml is a whole fairlead.yaml, cedar a whole policy, console is run as it stands, ts runs by itself.
// What is only to be read is sh or json.

const pages = globSync('docs/how-to/*.md', { cwd: packageRoot }).sort();
const blocks = (language: string) =>
  pages.flatMap((page) => fencesOf(page, language).map((each) => ({ page, ...each })));
const usualUrl = 'http://127.0.0.1:7300';

describe('a fairlead.yaml', () => {
  it.each(blocks('yaml'))('at $page:$line is one that Fairlead takes [SP-21]', async ({ text }) => {
    expect(await checkYaml(text)).toBe('');
  });
});

describe('a policy', () => {
  it.each(blocks('cedar'))(
    'at $page:$line can be saved under the projections of its page [SP-21]',
    ({ page, text }) => {
      const projections = Object.assign(
        {},
        ...fencesOf(page, 'yaml').map((yaml) => parse(yaml.text)?.projections ?? {}),
      );
      const { rules, faults, warnings } = checkPolicyText(text, projections);
      expect({ faults, warnings }).toEqual({ faults: [], warnings: [] });
      expect(rules.length).toBeGreaterThan(0);
    },
  );
});

describe('against a server that runs', () => {
  let server: Started;
  let shell: Console;

  beforeAll(async () => {
    server = await startWith('node src/main.ts serve');
  }, 180_000);
  afterAll(() => server?.stop());

  describe.each(pages.filter((page) => fencesOf(page, 'console').length > 0))('what %s shows', (page) => {
    beforeAll(async () => {
      shell = openConsole(server.env);
      // What works without a server works on another data folder than that of the one that runs.
      await shell.run(`unset FAIRLEAD_DATA_DIR; export FAIRLEAD_URL='${server.url}'`);
      // The files that a page writes stay out of the checkout, where alone npx would find the program.
      await shell.run(`npx() { shift; '${packageRoot}/scripts/fairlead.mjs' "$@"; }; cd '${server.folder}'`);
    });
    afterAll(() => shell.close());

    it.each(fencesOf(page, 'console'))(
      'at line $line is what its commands print [SP-21]',
      { timeout: 180_000 },
      async ({ text }) => {
        for (const { command, expected } of stepsOf(text)) {
          const printed = await shell.run(command.replaceAll(usualUrl, server.url));
          const shown = shownAs(printed.replaceAll(server.url, usualUrl), expected);
          expect(`$ ${command}\n${shown}`).toBe(`$ ${command}\n${expected.join('\n')}`);
        }
      },
    );
  });

  it.each(blocks('ts'))('the program at $page:$line calls its tool [SP-21]', { timeout: 60_000 }, async ({ text }) => {
    const keys = openConsole(server.env);
    const key = await keys.run('npx fairlead keys create --name program --role viewer --quiet').finally(keys.close);
    const { code, output } = await runProgramText(text, {
      ...server.env,
      FAIRLEAD_URL: server.url,
      FAIRLEAD_KEY: key.trim(),
    });
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('Echo: hello') });
  });
});

function runProgramText(text: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(packageRoot, 'node_modules/.bin/node'), ['--input-type=module-typescript', '-'], {
      cwd: packageRoot,
      env,
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('close', (code) => resolve({ code, output }));
    child.stdin.end(text);
  });
}
