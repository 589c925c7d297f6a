import { z } from 'zod';
import { assembleServer } from '../../src/config/assemble.ts';
import { type SettingOption, settingOptions } from '../../src/config/options.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { isObject } from '../../src/kernel/json.ts';

type Schema = Record<string, unknown>;

const intro = `# Settings

Made from the code by \`npm run reference\`. Flags win over the environment, the environment over \`fairlead.yaml\`, and the
file over the defaults. All faults are reported at once, by their place and without the value:
\`npx fairlead config check\`.

The file is the one that \`--config\` or \`FAIRLEAD_CONFIG\` names, else \`fairlead.yaml\` in the folder Fairlead is started
in, else that of \`examples/first-run\`. Relative paths in it count from its own folder. It is read again when it changes
and on SIGHUP. Taken at once: \`upstreams\`, \`endpoints\`, \`mcp\`, \`policies\`, \`projections\`, \`auth\`, \`development\`, \`egress\`,
\`server.logLevel\`, \`server.environment\` and the files of \`server.tls\`. The log names what waits for a restart.

Anywhere in a value there may stand

| reference | becomes |
| --- | --- |
| \`\${env:NAME}\` | the variable \`NAME\` |
| \`\${file:path}\` | the text of a file, without its last line break |
| \`\${data:path}\` | an absolute path in the data folder |
| \`$\${\` | a plain \`\${\` |

## Variables and flags

Flags are those of \`fairlead serve\`. Secrets have none, since command lines show in process lists. Lists are written with
commas between. An empty variable counts as not set.
`;

const elsewhere = `| \`FAIRLEAD_CONFIG\` | \`--config\` | | path of \`fairlead.yaml\` |
| | \`--allow-anonymous\` | | lets endpoints with an anonymous role be served beyond this machine |
| \`FAIRLEAD_URL\` | \`--url\` | | for the commands that talk to a server: its address; without it, the server on this machine with the data folder of this folder, or the only one that runs |
| \`FAIRLEAD_KEY\` | \`--key\` | | for the same commands: an API key; without it, the one that a server of yours on this machine made for you |
`;

/** The page of every variable, flag and key of the file. */
export function settingsPage(): string {
  const options = settingOptions.map(
    ({ key, env, flag, help }: SettingOption) =>
      `| \`${env}\` | ${flag ? `\`--${flag}\`` : ''} | \`server.${key}\` | ${help} |`,
  );
  const sections = sectionsOf(z.toJSONSchema(fileSchema, { io: 'input' }) as Schema, '', '');
  return [
    intro,
    '| variable | flag | key of the file | meaning |\n| --- | --- | --- | --- |',
    `${options.join('\n')}\n${elsewhere}`,
    '## The file\n\nEach key may be left out: an empty file is a valid one.\n',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** One section for an object of settings, then one for each object in it. */
function sectionsOf(schema: Schema, path: string, about: string): string[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const rows: string[] = [];
  const deeper: string[] = [];
  for (const [key, raw] of Object.entries(propertiesOf(schema))) {
    const place = path === '' ? key : `${path}.${key}`;
    const description = textOf(raw.description);
    const groups = groupsOf(raw, place, description);
    if (groups.length > 0) {
      const open = place.includes('<') || description === '' ? description : `${description}.`;
      for (const group of groups) deeper.push(...sectionsOf(group.schema, group.place, group.about || open));
    } else
      rows.push(`| \`${key}\` | ${typeOf(raw)} | ${defaultOf(place, raw, required.includes(key))} | ${description} |`);
  }
  const table =
    rows.length === 0 ? [] : [`| key | type | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`];
  const heading = table.length === 0 ? [] : [`### ${path === '' ? 'At the top' : `\`${path}\``}\n`];
  const words = table.length === 0 || about === '' ? [] : [`${about.replace(/\.?$/, '.')}\n`];
  return [...heading, ...words, ...table, ...deeper];
}

/** The objects of settings that a key holds: by itself, by name or in a list. */
function groupsOf(schema: Schema, place: string, about: string): { schema: Schema; place: string; about: string }[] {
  if (isObject(schema.properties)) return [{ schema, place, about }];
  const kinds = (Array.isArray(schema.anyOf) ? (schema.anyOf as Schema[]) : []).filter(
    (each) => isObject(each.properties) && each.additionalProperties === false,
  );
  const [only] = kinds;
  if (only) return [{ schema: kinds.length === 1 ? only : alternatives(kinds), place, about }];
  const inner = isObject(schema.additionalProperties) ? schema.additionalProperties : undefined;
  if (inner) {
    const named = `${place}.<name>`;
    if (isObject(inner.properties)) return [{ schema: inner, place: named, about }];
    if (Array.isArray(inner.anyOf)) return [{ schema: alternatives(inner.anyOf as Schema[]), place: named, about }];
  }
  if (isObject(schema.items) && isObject(schema.items.properties)) {
    return [{ schema: schema.items, place: `${place}[]`, about }];
  }
  return [];
}

/** Kinds of one thing in one table; a key that not all kinds have says so by the keys that tell them. */
function alternatives(kinds: readonly Schema[]): Schema {
  const properties: Record<string, Schema> = {};
  for (const kind of kinds) {
    const [telling] = Object.keys(propertiesOf(kind));
    for (const [key, schema] of Object.entries(propertiesOf(kind))) {
      const having = kinds.filter((each) => key in propertiesOf(each));
      const tellings = having.map((each) => `\`${Object.keys(propertiesOf(each))[0]}\``);
      const isTold = having.length === kinds.length || key === telling;
      const note = isTold ? '' : ` (with ${tellings.join(' or ')})`;
      properties[key] ??= { ...schema, description: `${textOf(schema.description)}${note}` };
    }
  }
  return { properties, required: [] };
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  return isObject(schema.properties) ? (schema.properties as Record<string, Schema>) : {};
}

function typeOf(schema: Schema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map((each) => typeOf(each as Schema)).join(' or ');
  if (schema.type === 'array')
    return `list of ${isObject(schema.items) ? plural(typeOf(schema.items as Schema)) : 'values'}`;
  if (schema.type === 'object') {
    const { additionalProperties: inner } = schema;
    return `${isObject(inner) ? plural(typeOf(inner as Schema)) : 'values'} by name`;
  }
  if (schema.type === 'integer') return `whole number${boundsOf(schema)}`;
  if (schema.type === 'number') return `number${boundsOf(schema)}`;
  if (schema.type === 'boolean') return 'true or false';
  if (schema.format === 'uri') return 'URL';
  return typeof schema.minLength === 'number' && schema.minLength > 1
    ? `text, at least ${schema.minLength} characters`
    : 'text';
}

function plural(type: string): string {
  return { text: 'texts', URL: 'URLs' }[type] ?? type;
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const least =
    typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : undefined;
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  return least === undefined ? '' : `, from ${least}`;
}

// Those of the section `server` depend on each other, so they stand in the code that puts the section together.
const serverDefaults: Record<string, unknown> = {
  ...assembleServer({}, { baseDir: '.', dataDir: '.fairlead', allowAnonymous: false }),
};

function defaultOf(place: string, schema: Schema, isRequired: boolean): string {
  const [section, key = ''] = place.split('.');
  const value = section === 'server' && place === `server.${key}` ? serverDefaults[key] : schema.default;
  if (value === undefined) return isRequired ? 'must be given' : '';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((each) => `\`${each}\``).join(', ');
  if (isObject(value)) return 'none';
  return `\`${value}\``;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll('<', '&lt;').replaceAll('|', '\\|') : '';
}
