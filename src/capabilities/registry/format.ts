import { z } from 'zod';

/**
 * The format of a server.json, as far as it is used here: the schema of 2025-12-11 of the official registry, and the
 * answers of its API. Fields that are not known are left out, so that a newer document is read as far as it can be.
 */
export const knownSchema = '2025-12-11';

/** Key under `_meta` of what the registry itself says about an entry. */
export const officialMeta = 'io.modelcontextprotocol.registry/official';

const maxText = 10_000;
const text = z.string().max(maxText);
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
const list = <T extends z.ZodType>(schema: T) =>
  z
    .array(schema)
    .max(500)
    .nullish()
    .transform((value) => value ?? []);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const inputFields = {
  description: optional(text),
  isRequired: flag,
  isSecret: flag,
  format: optional(text),
  value: optional(text),
  default: optional(text),
  placeholder: optional(text),
  choices: list(text),
};
const input = z.object(inputFields);

const variables = z
  .record(z.string().max(200), input)
  .nullish()
  .transform((value) => value ?? {});

const keyValue = (name: RegExp, what: string) =>
  z.object({ name: z.string().max(200).regex(name, `must be the name of ${what}`), ...inputFields, variables });
const environmentVariable = keyValue(/^[A-Za-z_]\w*$/, 'a variable');
const header = keyValue(/^[!#$%&'*+.^_`|~\w-]+$/, 'a header');

const argument = z
  .object({
    type: z.enum(['positional', 'named']),
    name: optional(text),
    valueHint: optional(text),
    isRepeated: flag,
    ...inputFields,
    variables,
  })
  .superRefine(({ type, name, valueHint, value }, context) => {
    if (type === 'named' && !name) context.addIssue({ code: 'custom', path: ['name'], message: 'is missing' });
    if (type === 'positional' && valueHint === undefined && value === undefined)
      context.addIssue({ code: 'custom', path: ['valueHint'], message: 'is missing, and so is value' });
  });

const transport = z
  .object({
    type: z.enum(['stdio', 'streamable-http', 'sse']),
    url: optional(text),
    headers: list(header),
  })
  .superRefine(({ type, url }, context) => {
    if (type !== 'stdio' && !url) context.addIssue({ code: 'custom', path: ['url'], message: 'is missing' });
  });

export const packageSchema = z.object({
  registryType: z.string().min(1).max(100),
  registryBaseUrl: optional(text),
  identifier: z.string().min(1).max(1_000),
  version: optional(z.string().min(1).max(255)),
  fileSha256: optional(z.string().regex(/^[a-f0-9]{64}$/, 'must be a SHA-256 in 64 small hex digits')),
  runtimeHint: optional(text),
  transport,
  runtimeArguments: list(argument),
  packageArguments: list(argument),
  environmentVariables: list(environmentVariable),
});

export const remoteSchema = z.object({
  type: z.enum(['streamable-http', 'sse']),
  url: z.string().min(1).max(maxText),
  headers: list(header),
  variables,
});

export const serverSchema = z.object({
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/, 'must be namespace/name, such as io.github.user/weather'),
  description: z.string().min(1).max(1_000),
  title: optional(text),
  version: z.string().min(1).max(255),
  websiteUrl: optional(text),
  repository: optional(
    z.object({ url: text, source: optional(text), id: optional(text), subfolder: optional(text) }),
  ).catch(undefined), // some publishers leave an empty object
});

export const officialSchema = z
  .object({
    status: optional(z.string().max(50)),
    statusMessage: optional(z.string().max(1_000)),
    publishedAt: optional(z.string().max(50)),
    updatedAt: optional(z.string().max(50)),
    isLatest: optional(z.boolean()),
  })
  .catch({
    status: undefined,
    statusMessage: undefined,
    publishedAt: undefined,
    updatedAt: undefined,
    isLatest: undefined,
  });

export type Input = z.infer<typeof input>;
export type KeyValue = z.infer<typeof environmentVariable>;
export type Argument = z.infer<typeof argument>;
export type Package = z.infer<typeof packageSchema>;
export type Remote = z.infer<typeof remoteSchema>;

/** A package or a remote of a document: read, or what is wrong with it, which costs only itself. */
export type Read<T> = { value: T } | { raw: unknown; faults: readonly string[] };

/** One version of one server, and what its registry says about it. */
export interface Listed extends z.infer<typeof serverSchema> {
  packages: readonly Read<Package>[];
  remotes: readonly Read<Remote>[];
  status: string;
  statusMessage?: string | undefined;
  publishedAt?: string | undefined;
  isLatest?: boolean | undefined;
  /** The day of the schema that it names, when that is newer than what is known here. */
  newerSchema?: string | undefined;
}
