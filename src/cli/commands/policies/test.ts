import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { readCaseFile } from '../../case-file.ts';
import { openClient } from '../../client.ts';
import {
  type CliContext,
  type CommandInput,
  type CommandSpec,
  exitCodes,
  jsonOption,
  orgOption,
  textOf,
} from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { junitOf } from '../../junit.ts';
import { offlineOptions } from '../../offline.ts';
import { openOfflinePolicies } from '../../offline-policies.ts';
import { decisionWords, lookedAtLines } from '../../policy-lines.ts';
import { listIn, textsIn } from '../../reading.ts';
import { plain, type Screen, screenOf } from '../../terminal.ts';

type Results = { file: string; results: JsonObject[] };

/** Made-up calls, decided and held against what is expected. */
export const policiesTest: CommandSpec = {
  path: ['policies', 'test'],
  summary: 'hold decisions on made-up calls against what is expected',
  about:
    'Cases are YAML: who, which tool, which arguments, from where, and what is expected: allow, consent or deny. They are\n' +
    'decided by the policies in force on the server. With --policy, or with --offline, no server is needed: then the shipped\n' +
    'rules and those of a folder decide, under the settings of fairlead.yaml, and the cases describe their tools themselves.\n' +
    'Exit code 1 when a case fails.',
  args: [{ name: '<files...>', help: 'cases; - is standard input' }],
  options: [
    { flags: '--policy <path>', help: 'a folder of Cedar files, or one file, in the place of policies.folder' },
    { flags: '--offline', help: 'by the files of this machine, without a server' },
    { flags: '--junit <file>', help: 'also write a report in the XML of JUnit, for CI' },
    ...offlineOptions.slice(0, 1),
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead policies test cases.yaml', does: 'by what is in force on the server' },
    { line: 'fairlead policies test cases.yaml --policy new/ --junit report.xml', does: 'in CI, without a server' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const files = Array.isArray(args.files) ? args.files : [];
    const read = [];
    for (const file of files) read.push({ file, value: await readCaseFile(file, context) });
    const decide =
      options.offline || options.policy ? await byFiles(context, options) : await byServer(context, options);
    const all: Results[] = [];
    for (const { file, value } of read) all.push({ file, results: await decide(file, value) });

    const failed = all.flatMap(({ results }) => results).filter(({ ok }) => ok !== true).length;
    const report = textOf(options.junit);
    if (report !== undefined) await writeFile(resolve(context.cwd, report), junitReport(all));
    if (options.json) screen.json({ ok: failed === 0, files: all });
    else show(all, screen);
    return failed === 0 ? exitCodes.ok : exitCodes.failed;
  },
};

type Decide = (file: string, value: unknown) => Promise<JsonObject[]>;

async function byServer(context: CliContext, options: CommandInput['options']): Promise<Decide> {
  const client = await openClient(context, options);
  return async (file, value) => {
    if (!isObject(value) || !Array.isArray(value.cases)) throw wrongUsage(`${file} has no list of cases.`, caseExample);
    return listIn(await client.post('/policies/tests', value, { org: textOf(options.org) }), 'results');
  };
}

async function byFiles(context: CliContext, options: CommandInput['options']): Promise<Decide> {
  const { explain, findTool, org } = await openOfflinePolicies(context, options);
  const { CaseFault, readCases, runCase } = await import('../../../capabilities/policy/index.ts'); // heavy
  return async (file, value) => {
    try {
      const { cases, tools } = readCases(value);
      return cases.map((one) => ({ ...runCase(one, { org, tools, findTool, explain }) }) as unknown as JsonObject);
    } catch (error) {
      if (!(error instanceof CaseFault)) throw error;
      throw wrongUsage(`${file} has faults:\n${error.faults.map((fault) => `  - ${fault}`).join('\n')}`, caseExample);
    }
  };
}

const caseExample =
  'Such as: cases: [{name: no writes, principal: {roles: [viewer]}, tool: files.write_file, expect: deny}]';

function show(all: readonly Results[], screen: Screen): void {
  for (const { file, results } of all) {
    for (const result of results) {
      const { name, ok } = result;
      if (ok === true) screen.line(`ok    ${plain(file)}: ${plain(String(name))}`);
      else {
        screen.line(screen.styled('red', `FAIL  ${plain(file)}: ${plain(String(name))}`));
        for (const line of failureLines(result)) screen.line(`      ${line}`);
      }
    }
  }
  const results = all.flatMap((one) => one.results);
  const failed = results.filter(({ ok }) => ok !== true).length;
  const [{ actual } = {}] = results;
  const version = isObject(actual) ? `, by policies ${plain(String(actual.policyVersion))}` : '';
  screen.line(`${results.length - failed} of ${results.length} cases are as expected${version}.`);
}

/** What was expected and what came instead, as a difference. */
function failureLines(result: JsonObject): string[] {
  const { expected, actual } = result;
  if (!isObject(expected) || !isObject(actual)) return listOfTexts(result, 'faults');
  const sides = [expected, actual] as [JsonObject, JsonObject];
  const rules = sides.map((side) => textsIn(side, 'rules'));
  const differs = (name: string) => sides[0][name] !== undefined && sides[0][name] !== sides[1][name];
  const lines: string[] = [];
  if (differs('decision')) {
    lines.push(`- ${decisionWords(sides[0].decision)}`, `+ ${decisionWords(sides[1].decision)}, by ${rules[1]}`);
  } else if (rules[0] !== '' && rules[0] !== rules[1]) lines.push(`- by ${rules[0]}`, `+ by ${rules[1]}`);
  if (differs('listed')) {
    const words = (listed: unknown) => (listed === true ? 'listed' : 'hidden from listings');
    lines.push(`- ${words(sides[0].listed)}`, `+ ${words(sides[1].listed)}`);
  }
  const errors = listOfTexts(sides[1], 'errors').map((error) => `could not be evaluated: ${error}`);
  return [...lines, ...errors, ...lookedAtLines(sides[1]).map((line) => `  ${line}`)];
}

function listOfTexts(body: JsonObject, field: string): string[] {
  const list = body[field];
  return Array.isArray(list) ? list.map((item) => plain(String(item))) : [];
}

function junitReport(all: readonly Results[]): string {
  return junitOf(
    all.map(({ file, results }) => ({
      name: basename(file),
      cases: results.map((result) => ({
        name: String(result.name),
        ...(result.ok === true
          ? {}
          : {
              failure: { message: listOfTexts(result, 'faults').join('; '), text: failureLines(result).join('\n') },
            }),
      })),
    })),
  );
}
