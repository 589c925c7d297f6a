import { describe, expect, it } from 'vitest';
import { driftedPages } from '../../scripts/reference.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { run } from './run.ts';

const named = commands.map((spec) => [spec.path.join(' '), spec] as const);

describe('the help', () => {
  it.each(named)(
    'of `fairlead %s` says what it does, what it takes, and gives examples [SP-20]',
    async (name, spec) => {
      const { code, stdout, stderr } = await run([...spec.path, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: fairlead ${name}`);
      expect(stdout.replace(/\s+/g, ' ')).toContain(spec.summary);
      for (const { flags } of spec.options ?? []) expect(stdout).toContain(flags);
      expect(spec.examples.length).toBeGreaterThan(0);
      for (const { line } of spec.examples) expect(stdout).toContain(line);
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
    },
  );

  it.each(named.filter(([, spec]) => spec.remote))(
    'of `fairlead %s` offers address and key [SP-20]',
    async (_, spec) => {
      const { stdout } = await run([...spec.path, '--help']);
      for (const word of ['--url', '--key', 'FAIRLEAD_URL', 'FAIRLEAD_KEY']) expect(stdout).toContain(word);
    },
  );

  it('takes each flag once, and offers --json wherever a program may read [SP-20]', () => {
    const withoutJson = new Set(['serve', 'stdio', 'audit export']);
    for (const [name, spec] of named) {
      const flags = (spec.options ?? []).map((option) => option.flags.split(/[ ,]/)[0]);
      const all = [...flags, ...(spec.remote ? ['--url', '--key'] : [])];
      expect(new Set(all).size, name).toBe(all.length);
      expect(flags.includes('--json'), name).toBe(!withoutJson.has(name));
    }
  });

  it('of the whole lists every command and the first steps [SP-20]', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const { path } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${path[0]}\\b`, 'm'));
    expect(stdout).toContain('fairlead connect');
  });

  it('stands in docs/reference/cli.md as the code has it; `npm run reference` writes it anew [SP-20] [SP-21]', () => {
    expect(driftedPages()).not.toContain('docs/reference/cli.md');
  });

  it('of a group lists its commands [SP-20]', async () => {
    const { stdout } = await run(['keys', '--help']);
    for (const word of ['list', 'create', 'revoke']) expect(stdout).toMatch(new RegExp(`^ {2}${word}\\b`, 'm'));
  });

  it.each([
    ['an unknown command', ['nonsense']],
    ['an unknown option', ['tools', 'list', '--nonsense']],
    ['a missing argument', ['call']],
    ['one argument too many', ['tools', 'list', 'more']],
    ['a group alone', ['keys']],
  ])('is pointed to by %s, with exit code 2 and nothing on standard output [SP-20]', async (_, args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/--help|Usage/);
  });
});
