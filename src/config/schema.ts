import { z } from 'zod';
import { ownToolset, toolsetPattern } from '../kernel/names.ts';
import { isRange } from '../platform/http/addresses.ts';
import { isHost, isOrigin, isReachable } from './addresses.ts';

const slug = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'must be lower case letters, digits and dashes');
const toolset = z.string().regex(toolsetPattern, 'must be 1 to 24 lower case letters, digits and dashes');
const ms = z.int().positive();

const urlOf = (protocol: RegExp, beginning: string) =>
  z.url({ protocol, hostname: /.*/, error: `must be a URL that begins with ${beginning}` });
const webUrl = urlOf(/^https?$/, 'http:// or https://');

/** Signatures by a key pair, and those by a shared secret. */
const signatures =
  /^(RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA|Ed25519|ML-DSA-44|ML-DSA-65|ML-DSA-87|HS256|HS384|HS512)$/;
const notHost = 'must be an address or a host name';
const isNone = (name: string) => name.toLowerCase() === 'none';

const annotationOverride = z
  .strictObject({
    readOnly: z.boolean().describe('Changes nothing'),
    destructive: z.boolean().describe('May destroy or overwrite'),
    idempotent: z.boolean().describe('A second run with the same arguments changes nothing more'),
    openWorld: z.boolean().describe('Reaches beyond its own closed world'),
  })
  .partial();

/** What agents are told of a tool beside its definition. */
const guidance = {
  whenToUse: z.string().min(1).optional().describe('What it is right for, in a sentence'),
  whenNotToUse: z.string().min(1).optional().describe('What it is not right for, and what to use instead'),
  examples: z
    .array(
      z.strictObject({
        intent: z.string().min(1).optional().describe('What the call is right for'),
        arguments: z.record(z.string(), z.unknown()).describe('Its arguments'),
      }),
    )
    .optional()
    .describe('Calls that are right'),
  cost: z
    .strictObject({
      units: z.number().min(0).optional().describe("In units of the team's own"),
      amount: z.number().min(0).optional().describe('In money'),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'must be a currency such as EUR')
        .optional()
        .describe('ISO 4217'),
    })
    .optional()
    .describe('Of one call'),
  rateLimits: z.array(z.string().min(1)).optional().describe('That its provider imposes, in words'),
  sideEffects: z.string().min(1).optional().describe('What else happens when it is called'),
  errors: z.record(z.string(), z.string().min(1)).optional().describe('What kinds of its errors mean'),
};

const toolSettings = z.strictObject({
  ...guidance,
  annotations: annotationOverride.optional().describe('What this tool does; beats what the upstream claims'),
  tags: z.array(z.string()).optional().describe('Risk tags that policies can read'),
  timeoutMs: ms.optional().describe('Longest run of one call'),
  disabled: z.boolean().optional().describe('Listed nowhere and called by nobody'),
});

const upstreamCommon = {
  org: slug.default('default').describe('Organisation whose members may see it'),
  isolation: z
    .enum(['shared', 'principal', 'session'])
    .default('shared')
    .describe('Who shares one process or session with the upstream'),
  annotations: z
    .enum(['trust', 'ignore'])
    .optional()
    .describe('Whether the claims about its tools are believed; trust in the file and for APIs, ignore at run time'),
  trust: z
    .enum(['first-use', 'review'])
    .optional()
    .describe(
      'Whether its definitions are served as first seen, or once somebody accepted them; first-use in the file, review at run time',
    ),
  startTimeoutMs: ms.default(5_000).describe('Time to connect and be listed before the server turns ready without it'),
  callTimeoutMs: ms.default(60_000).describe('Longest run of one call'),
  maxConcurrentCalls: z.int().positive().default(32).describe('Calls in flight at once; more wait in a short queue'),
  retries: z
    .int()
    .min(0)
    .max(5)
    .default(2)
    .describe('Further tries, only of tools known to be read-only or idempotent'),
  breaker: z
    .strictObject({
      failures: z.int().positive().default(5).describe('So many failures open it'),
      windowMs: ms.default(60_000).describe('Within this time'),
      resetMs: ms.default(10_000).describe('Time after which one call may try whether it works again'),
    })
    .prefault({})
    .describe('Holds calls off while the upstream fails'),
  tools: z.record(z.string(), toolSettings).default({}).describe('Settings by tool name as the upstream has it'),
  disabled: z.boolean().default(false).describe('Neither connected nor listed'),
};

export const stdioUpstream = z.strictObject({
  command: z.string().min(1).describe('Program to start; never run through a shell'),
  args: z.array(z.string()).default([]).describe('Its arguments, one by one'),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('All it gets besides PATH, HOME, LANG, TMPDIR and the like'),
  cwd: z.string().min(1).optional().describe('Working directory; by default the folder of this file'),
  ...upstreamCommon,
});

export const httpUpstream = z.strictObject({
  url: webUrl.describe('Address of its MCP endpoint'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with every request to it'),
  transport: z.enum(['auto', 'http', 'sse']).default('auto').describe('Streamable HTTP, or the legacy HTTP+SSE'),
  ...upstreamCommon,
});

const apiOperations = {
  tags: z.array(z.string().min(1)).optional().describe('Operations with one of these tags'),
  operations: z
    .array(z.string().min(1))
    .optional()
    .describe('Operations by their id, the name of their tool, or as `GET /path`; `*` stands for anything'),
};

export const openApiUpstream = z.strictObject({
  openapi: z
    .union([z.string().min(1), z.looseObject({ openapi: z.string() })])
    .describe('OpenAPI 3.0 or 3.1 document whose operations become tools: a URL, a path, or the document itself'),
  baseUrl: webUrl
    .refine((url) => !/[?#]|\/\/[^/]*@/.test(url), 'must be without user, query and fragment')
    .optional()
    .describe('Where the API is; by default the first server that the document names'),
  select: z
    .strictObject({
      ...apiOperations,
      exclude: z.strictObject(apiOperations).optional().describe('Left out, whatever else names them'),
    })
    .prefault({})
    .describe('Which operations become tools; all of them when nothing is named'),
  secrets: z
    .record(z.string(), z.string())
    .default({})
    .describe('By the name of a security scheme of the document: a token, an API key, or `user:password`'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with every request to it'),
  destructiveMethods: z
    .array(z.enum(['POST', 'PUT', 'PATCH', 'DELETE']))
    .default(['PUT', 'PATCH', 'DELETE'])
    .describe('HTTP methods whose tools count as destructive; PUT and PATCH overwrite what was there'),
  ...upstreamCommon,
  isolation: z.literal('shared').default('shared').describe('An API has neither processes nor sessions'),
});

export const upstream = z.union([stdioUpstream, httpUpstream, openApiUpstream]);

export const roleNames = ['viewer', 'developer', 'operator', 'admin'] as const;

const toolPattern = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,23}\../s, 'must be a tool such as jira.create_issue, or several such as jira.get_*');
const toolId = toolPattern.refine((id) => !id.endsWith('*'), 'must be one tool such as jira.create_issue');

const selector = z
  .strictObject({
    toolsets: z.array(toolset).min(1).describe('Of one of these toolsets'),
    tools: z.array(toolPattern).min(1).describe('One of these; * at the end stands for any rest'),
    tags: z.array(z.string().min(1)).min(1).describe('With one of these tags'),
    annotations: annotationOverride.describe('That are known to be so'),
  })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name toolsets, tools, tags or annotations');

const toolOverride = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ and -')
      .describe('Name on the wire, as it stands'),
    title: z.string().min(1).describe('What people read'),
    description: z.string().min(1).describe('What models read'),
    fixed: z.record(z.string(), z.unknown()).describe('Parameters that callers neither see nor set, with their values'),
    annotations: z
      .strictObject({
        readOnly: z.literal(false),
        destructive: z.literal(true),
        idempotent: z.literal(false),
        openWorld: z.literal(true),
      })
      .partial()
      .describe('Only what makes it count as more dangerous'),
  })
  .partial();

/** How the tools of an endpoint are shown, whichever they are. */
const presentation = {
  disclosure: z
    .enum(['full', 'search'])
    .default('full')
    .describe('Whether all tools are listed, or tools to search, describe and call them'),
  pinned: z.array(toolId).default([]).describe('Tools that are listed also where the others have to be searched'),
  instructions: z.string().min(1).optional().describe('What models read about this endpoint first'),
  tools: z.record(toolId, toolOverride).default({}).describe('By tool: how it is shown and called here'),
};

const selection = {
  toolsets: z.array(toolset).optional().describe('Toolsets served here; all of them when absent'),
  include: z.array(selector).min(1).optional().describe('Only tools that fit one of these, in all that it says'),
  exclude: z.array(selector).min(1).optional().describe('No tools that fit one of these, in all that it says'),
  naming: z
    .enum(['prefixed', 'bare'])
    .default('prefixed')
    .describe('Names as toolset_name, or as the upstream has them where none collide'),
};

/** An endpoint as it can be added at run time. */
export const endpointChoice = z.strictObject({ ...selection, ...presentation });

const endpoint = z.strictObject({
  org: slug.default('default').describe('Organisation whose tools it selects from'),
  ...selection,
  ...presentation,
  anonymous: z.enum(roleNames).optional().describe('Role of callers without a token; refused off loopback'),
});

/** Name of an endpoint, as it stands in its address. */
export const endpointName = slug;

const issuer = z.strictObject({
  issuer: z.string().min(1).describe('Its name, as the claim iss of its tokens has it'),
  jwksUri: webUrl.optional().describe('Where its keys are; found by its metadata when absent'),
  audience: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('Default: the public URL of /mcp'),
  algorithms: z
    .array(
      z
        .string()
        .refine((name) => !isNone(name), 'must not be none: such tokens are signed by nobody')
        .refine((name) => isNone(name) || signatures.test(name), 'is no signature that is known here, such as ES256'),
    )
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .describe('Signatures that are taken'),
  clockSkewSeconds: z.int().min(0).max(300).default(30).describe('How far its clock may be from ours'),
  sharedSecret: z.string().min(32).optional().describe('HS256; only with development: true'),
  claims: z
    .strictObject({
      org: z.string().optional().describe('Claim that names the organisation'),
      roles: z.string().default('roles').describe('Claim with a list of, or one, role or group'),
      name: z.string().default('name').describe('Claim that the audit shows as the name'),
      scope: z.string().default('scope').describe('Claim with the scopes'),
    })
    .prefault({})
    .describe('Where its tokens say what'),
  org: slug.default('default').describe('Organisation when no claim names one'),
  roleMap: z
    .record(z.string(), z.enum(roleNames))
    .optional()
    .describe('Role by value of the claim; by its own name when absent'),
});

/** What also stands in the environment and, but for secrets, on the command line; those win over the file. */
export const serverSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^[^\s/]+$/, notHost)
      .refine(isHost, notHost)
      .describe('Address to listen on'),
    port: z.int().min(0).max(65_535).describe('Port to listen on; 0 takes a free one'),
    publicUrl: webUrl.describe('How clients reach it; by default host and port'),
    dataDir: z.string().min(1).describe('Folder of the embedded database and the secret; default .fairlead'),
    secret: z.string().describe('32 bytes or more; signs state and keys the hashes'),
    secretFile: z.string().min(1).describe('File that holds the secret'),
    adminKey: z.string().min(32).describe('Replaces the bootstrap key at each start'),
    allowedHosts: z
      .array(
        z
          .string()
          .min(1)
          .refine((host) => !host.includes('/'), 'must be a host name, without scheme and path'),
      )
      .describe('Host headers that are answered; by default the public one and those of loopback'),
    allowedOrigins: z
      .array(z.string().refine(isOrigin, 'must be an origin such as https://app.example.com, without a path'))
      .describe('Origins of web pages that may call; by default its own'),
    trustedProxies: z
      .array(z.string().refine(isRange, 'must be an IP address or a CIDR range'))
      .describe('Addresses or CIDR ranges whose X-Forwarded-For is believed; none by default'),
    databaseUrl: urlOf(/^postgres(ql)?$/, 'postgres:// or postgresql://').describe(
      'Postgres 17 or later; embedded when absent',
    ),
    redisUrl: urlOf(/^rediss?$/, 'redis:// or rediss://').describe('Redis 7 or later, shared by the replicas'),
    otlpEndpoint: webUrl.describe('OTLP/HTTP receiver of traces; none when absent'),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).describe('Least severity that is logged'),
    environment: z.string().min(1).describe('Name that policies can read, such as prod'),
    maxBodyBytes: z.int().positive().describe('Longest body of a request'),
    maxJsonDepth: z.int().positive().max(1_000).describe('Deepest nesting of JSON in a request'),
    drainMs: ms.describe('How long running calls may take after SIGTERM'),
    metricsToken: z.string().min(16).describe('Bearer token for /metrics off loopback'),
    tls: z
      .strictObject({
        cert: z.string().min(1).describe('PEM file of the certificate and its chain'),
        key: z.string().min(1).describe('PEM file of its private key'),
        clientCa: z.string().min(1).optional().describe('PEM file of the authorities of client certificates'),
        requireClientCert: z.boolean().default(false).describe('Whether others are turned away'),
      })
      .describe('Read again when the files change'),
  })
  .partial();

/** `fairlead.yaml`, as written. Each key is optional: an empty file is a valid one. */
export const fileSchema = z.strictObject({
  server: serverSchema.prefault({}).describe('How it listens and what it stands on'),
  development: z.boolean().default(false).describe('Allows shared-secret issuers'),
  allowRuntimeStdio: z
    .boolean()
    .default(false)
    .describe('Lets admins of the default organisation add stdio upstreams at run time'),
  runtimeVariables: z
    .array(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'))
    .default([])
    .describe('Variables that upstreams added at run time by the default organisation may refer to'),
  upstreams: z
    .record(
      toolset.refine((name) => name !== ownToolset, "is that of Fairlead's own toolset; take another"),
      upstream,
    )
    .default({})
    .describe('MCP servers and HTTP APIs by the name of their toolset'),
  endpoints: z.record(slug, endpoint).default({}).describe('Selections of tools, each served at /mcp/<name>'),
  mcp: z.strictObject(presentation).prefault({}).describe('How tools are shown at /mcp, which selects none'),
  auth: z
    .strictObject({ issuers: z.array(issuer).default([]).describe('Whose JWTs are taken as bearer tokens') })
    .prefault({})
    .describe('Who may come in, beside those with an API key'),
  policies: z
    .strictObject({
      folder: z.string().optional().describe('Folder with .cedar files for every organisation'),
      shipped: z.boolean().default(true).describe('Whether the shipped roles are in force'),
    })
    .prefault({})
    .describe('Cedar policies: a folder of .cedar files beside the shipped roles'),
  projections: z
    .record(z.string(), z.record(z.string(), z.string()))
    .default({})
    .describe('By tool id: attribute name to JSON pointer into the arguments, for policies to read'),
  egress: z
    .strictObject({
      allow: z
        .array(z.string().refine(isReachable, 'must be a host name, an address or a CIDR range'))
        .default([])
        .describe('Private hosts or CIDR ranges that URLs set at run time may reach'),
    })
    .prefault({})
    .describe('What may be reached from here'),
  registry: z
    .strictObject({
      url: webUrl
        .default('https://registry.modelcontextprotocol.io')
        .describe('Base address of an MCP registry, or of a JSON document that lists servers'),
    })
    .prefault({})
    .describe('Where `fairlead catalog` looks for servers; the server itself asks no registry'),
  audit: z
    .strictObject({
      durability: z
        .enum(['file', 'database'])
        .optional()
        .describe('What is awaited before a response leaves; file when embedded, else database'),
      maxBodyBytes: z.int().positive().default(16_384).describe('Arguments and results are cut here'),
      retentionDays: z.int().positive().optional().describe('Kept for ever when absent'),
      queueSize: z
        .int()
        .positive()
        .default(10_000)
        .describe('Calls on their way to a record at once; more are refused'),
      redactKeys: z.array(z.string()).default([]).describe('Further argument names whose values never reach the audit'),
    })
    .prefault({})
    .describe('The account of every call and administrative act'),
  models: z
    .strictObject({
      embedding: z
        .strictObject({
          url: webUrl.describe('OpenAI-compatible endpoint, with its version: https://api.example.com/v1'),
          model: z.string().min(1).describe('Name of the model'),
          apiKey: z.string().min(1).optional().describe('Sent as a bearer token'),
          dimensions: z.int().positive().optional().describe('Of its vectors, where the model can be told'),
        })
        .optional()
        .describe('Helps to find tools by what they mean; without it words alone decide'),
    })
    .prefault({})
    .describe('Models that may be asked; none is needed'),
  sessions: z
    .strictObject({
      idleMs: ms.default(30 * 60_000).describe('A session without a request for so long is ended'),
      maxPerPrincipal: z.int().positive().default(100).describe('Sessions that one caller may have at once'),
    })
    .prefault({})
    .describe('MCP sessions of revisions up to 2025-11-25'),
});

export type FileSettings = z.infer<typeof fileSchema>;
export type ServerSettings = z.infer<typeof serverSchema>;
export type StdioUpstreamSettings = z.infer<typeof stdioUpstream>;
export type HttpUpstreamSettings = z.infer<typeof httpUpstream>;
export type OpenApiUpstreamSettings = z.infer<typeof openApiUpstream>;
export type UpstreamSettings = StdioUpstreamSettings | HttpUpstreamSettings | OpenApiUpstreamSettings;
export type EndpointSettings = z.infer<typeof endpoint>;
export type EndpointChoice = z.infer<typeof endpointChoice>;
export type Presentation = FileSettings['mcp'];
export type ToolSelector = z.infer<typeof selector>;
export type ToolOverride = z.infer<typeof toolOverride>;
export type IssuerSettings = z.infer<typeof issuer>;
export type EmbeddingSettings = NonNullable<FileSettings['models']['embedding']>;
export type AuditSettings = FileSettings['audit'];
export type ToolSettings = z.infer<typeof toolSettings>;

/** Everything the server runs by: file, environment and flags in one, defaults filled in. */
export interface Settings extends Omit<FileSettings, 'server'> {
  host: string;
  port: number;
  /** Without a trailing slash. */
  publicUrl: string;
  /** False when it was made up from host and port, and so is wrong for port 0 until the server listens. */
  publicUrlGiven?: boolean;
  dataDir: string;
  /** The file that was read; undefined when there is none. */
  configFile?: string;
  /** Folder that relative paths of the file refer to. */
  baseDir: string;
  secret?: string;
  adminKey?: string;
  allowedHosts: string[];
  allowedOrigins: string[];
  /** False when they were made up from the addresses above, and so are wrong for port 0 until the server listens. */
  allowedOriginsGiven?: boolean;
  trustedProxies: string[];
  databaseUrl?: string;
  redisUrl?: string;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  otlpEndpoint?: string;
  environment: string;
  maxBodyBytes: number;
  maxJsonDepth: number;
  drainMs: number;
  metricsToken?: string;
  /** Values of `runtimeVariables`, as far as the environment has them. */
  variables: Record<string, string>;
  tls?: FileSettings['server']['tls'];
  allowAnonymous: boolean;
}
