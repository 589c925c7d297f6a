import type { ProjectedType } from './projection.ts';

/** Cedar type by attribute; a question mark ends the name of an attribute that may be missing. */
type Attributes = Readonly<Record<string, string>>;

/** What policies can speak about: the schema in Cedar's notation, and every attribute by its path. */
export interface Schema {
  text: string;
  /** `principal.kind`, `context.arguments.amount`... */
  paths: ReadonlySet<string>;
}

const principal: Attributes = { kind: 'String', org: 'Organisation', scopes: 'Set<String>' };

const tool: Attributes = {
  toolset: 'String',
  name: 'String',
  org: 'Organisation',
  readOnly: 'Bool',
  destructive: 'Bool',
  idempotent: 'Bool',
  openWorld: 'Bool',
  tags: 'Set<String>',
  status: 'String',
  operation: 'String',
};

const context: Attributes = {
  environment: 'String',
  'endpoint?': 'String',
  surface: 'String',
  'clientAddress?': 'ipaddr',
  arguments: 'Arguments',
  cutArguments: 'Set<String>',
};

const cedarTypes: Record<ProjectedType, string> = {
  string: 'String',
  long: 'Long',
  bool: 'Bool',
  set: 'Set<String>',
};

/**
 * The Cedar schema that policies are checked against. `context.arguments` holds what the settings project out of a
 * tool's arguments, each attribute optional, so that policies ask `context.arguments has amount` first.
 */
export function schemaFor(types: ReadonlyMap<string, ProjectedType>): Schema {
  const projected = [...types].sort(([a], [b]) => (a < b ? -1 : 1));
  const args: Attributes = Object.fromEntries(projected.map(([name, type]) => [`${name}?`, cedarTypes[type]]));
  const text = `
entity Organisation;
entity Role;
// Of members, and of keys that are a member's.
entity Team;
entity Toolset in [Organisation];

// kind: user, service, agent, anonymous or system
// scopes: what its credential may be used for; "*" is everything that its roles carry
entity Principal in [Role, Team, Organisation] = ${record(principal)};

// operation: tool, read (a resource), prompt or complete (an argument)
// status: live, stale, quarantined or disabled
entity Tool in [Toolset, Organisation] = ${record(tool)};

// What the settings project out of the arguments of tools.
type Arguments = ${record(args)};

// surface: mcp, rest, workflow or agent
// cutArguments: names of those arguments of which only the beginning is seen here
type Situation = ${record(context)};

action call, callUnattended appliesTo {
  principal: Principal,
  resource: Tool,
  context: Situation,
};
`.trimStart();
  const paths = new Set([
    ...pathsOf('principal', principal),
    ...pathsOf('resource', tool),
    ...pathsOf('context', context),
    ...pathsOf('context.arguments', args),
  ]);
  return { text, paths };
}

function record(attributes: Attributes): string {
  const lines = Object.entries(attributes).map(([name, type]) => {
    const isOptional = name.endsWith('?');
    return `  "${isOptional ? name.slice(0, -1) : name}"${isOptional ? '?' : ''}: ${type},\n`;
  });
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}}`;
}

function pathsOf(owner: string, attributes: Attributes): string[] {
  return Object.keys(attributes).map((name) => `${owner}.${name.replace('?', '')}`);
}
