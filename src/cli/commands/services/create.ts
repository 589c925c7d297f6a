import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isObject, type JsonObject, parseJson } from '../../../kernel/json.ts';
import { openClient } from '../../client.ts';
import { type CliContext, type CommandSpec, exitCodes, jsonOption, orgOption, textOf } from '../../command.ts';
import { wrongUsage } from '../../errors.ts';
import { textsIn, textsOf } from '../../reading.ts';
import { plain, screenOf } from '../../terminal.ts';

/** A machine with an account of its own. */
export const servicesCreate: CommandSpec = {
  path: ['services', 'create'],
  summary: 'make a service account: a machine that signs in by itself',
  about:
    'It gets tokens from the token endpoint by client credentials. Its secret is shown this once; with --jwks there is none,\n' +
    'and the machine signs what it sends with a private key that never leaves it (private_key_jwt).',
  args: [{ name: '<name>', help: 'what people call it' }],
  options: [
    { flags: '--role <role...>', help: 'viewer, developer, operator or admin; developer when absent' },
    { flags: '--scope <scope...>', help: 'what its tokens may be used for; all that its roles carry when absent' },
    { flags: '--jwks <file>', help: 'public keys as a JWK set, in place of a secret' },
    orgOption,
    jsonOption,
  ],
  examples: [
    { line: 'fairlead services create "nightly build" --role developer', does: 'with a secret' },
    { line: 'fairlead services create signer --role viewer --jwks keys.json', does: 'without one' },
  ],
  remote: true,
  async run(context, { args, options }) {
    const screen = screenOf(context);
    const roles = textsOf(options.role);
    const scopes = textsOf(options.scope);
    const file = textOf(options.jwks);
    const input = {
      name: args.name,
      roles: roles.length > 0 ? roles : ['developer'],
      ...(scopes.length > 0 ? { scopes } : {}),
      ...(file === undefined ? {} : { jwks: await keySet(context, file) }),
    };
    const client = await openClient(context, options);
    const made = await client.post('/services', input, { org: textOf(options.org) });
    if (options.json) {
      screen.json(made);
      return exitCodes.ok;
    }
    const service = made.service as JsonObject;
    if (made.secret !== undefined)
      screen.line(`Secret, shown this once:\n\n  ${screen.styled('bold', plain(String(made.secret)))}\n`);
    screen.facts([
      ['id', String(service.id)],
      ['name', String(service.name)],
      ['organisation', String(service.org)],
      ['roles', textsIn(service, 'roles')],
      ['scopes', textsIn(service, 'scopes')],
    ]);
    screen.line(`\nTokens: ${client.url}/auth/oauth2/token, grant type client_credentials, with the id as client_id.`);
    return exitCodes.ok;
  },
};

/** @throws CommandFailed */
async function keySet({ cwd }: CliContext, file: string): Promise<JsonObject> {
  const why = 'It must be a JWK set: {"keys": [...]} with public keys.';
  try {
    const set = parseJson(await readFile(resolve(cwd, file), 'utf8'));
    if (isObject(set)) return set as JsonObject;
  } catch (error) {
    throw wrongUsage(`${file} cannot be read: ${error instanceof Error ? error.message : 'no JSON'}.`, why);
  }
  throw wrongUsage(`${file} holds no JWK set.`, why);
}
