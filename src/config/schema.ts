import { z } from 'zod';
import { knowledgeToolset, ownToolset } from '../kernel/names.ts';
import { isRange } from '../platform/http/addresses.ts';
import { isHost, isOrigin, isReachable } from './addresses.ts';
import { approvals } from './approvals-schema.ts';
import { budget } from './budget-schema.ts';
import { caching } from './caching-schema.ts';
import { collection, encryption } from './collection-schema.ts';
import { endpoint, presentation } from './endpoint-schema.ts';
import { eventsSettings } from './events-schema.ts';
import { limit } from './limit-schema.ts';
import { models } from './models-schema.ts';
import { searchSettings } from './search-schema.ts';
import { secretsSettings } from './secrets-schema.ts';
import { ssoProvider } from './sso-schema.ts';
import { type UpstreamSettings, upstream } from './upstream-schema.ts';
import { usage } from './usage-schema.ts';
import { ms, roleNames, slug, toolset, urlOf, webUrl } from './words.ts';

/** Signatures by a key pair, and those by a shared secret. */
const signatures =
  /^(RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA|Ed25519|ML-DSA-44|ML-DSA-65|ML-DSA-87|HS256|HS384|HS512)$/;
const notHost = 'must be an address or a host name';
const isNone = (name: string) => name.toLowerCase() === 'none';

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
      teams: z.string().optional().describe('Claim with a list of, or one, team or group; no teams when absent'),
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
  teamMap: z
    .record(z.string(), z.array(slug).min(1))
    .optional()
    .describe('Teams by value of the claim; by its own name when absent'),
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
    otherSecrets: z
      .array(z.string().refine((text) => Buffer.byteLength(text) >= 32, 'must have at least 32 bytes'))
      .describe(
        'Secrets that were, or will be, the secret: what they made is still known, nothing new is made with them',
      ),
    otherSecretsFile: z.string().min(1).describe('File that holds such secrets, one a line'),
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
      toolset.refine(
        (name) => name !== ownToolset && name !== knowledgeToolset,
        "is that of Fairlead's own toolset; take another",
      ),
      upstream,
    )
    .default({})
    .describe('MCP servers and HTTP APIs by the name of their toolset'),
  endpoints: z.record(slug, endpoint).default({}).describe('Selections of tools, each served at /mcp/<name>'),
  limits: z
    .array(limit)
    .default([])
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must not name a rule twice')
    .describe('How often, and how many at once: rules that calls are counted by'),
  budgets: z
    .array(budget)
    .default([])
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must not name a budget twice')
    .describe('How much there is in a period: of calls, units, tokens and money'),
  usage: usage.prefault({}).describe('What calls have cost, by day, principal and tool'),
  approvals: approvals.prefault({}).describe('Calls that wait for consent'),
  caching: caching.prefault({}).describe('Results of read-only tools that are told again for a time'),
  events: eventsSettings.prefault({}).describe('What happens, where it is told, and which senders are believed'),
  mcp: z.strictObject(presentation).prefault({}).describe('How tools are shown at /mcp, which selects none'),
  auth: z
    .strictObject({
      builtIn: z
        .boolean()
        .optional()
        .describe(
          'Whether people sign in here, with accounts of this server or by `sso`; by default where `issuers` names nobody ' +
            'else or `sso` somebody, and publicUrl is https or on loopback',
        ),
      sso: z
        .record(slug, ssoProvider)
        .default({})
        .describe('OpenID providers by which people sign in here, by a name that stands in addresses and records'),
      issuers: z.array(issuer).default([]).describe('Whose JWTs are taken as bearer tokens'),
    })
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
        .describe('Calls on their way to a record at once; more are refused or run without one, as `whenFull` says'),
      maxBacklogBytes: z
        .int()
        .positive()
        .default(1024 * 1024 * 1024)
        .describe('The queue is full, too, while the file holds more than this that the database has not taken'),
      whenFull: z
        .enum(['refuse', 'drop'])
        .default('refuse')
        .describe(
          'What becomes of calls while the queue is full. With `drop` they run and leave no record: how many are missing ' +
            'is counted, and put on record afterwards. Administrative acts are refused in any case',
        ),
      redactKeys: z.array(z.string()).default([]).describe('Further argument names whose values never reach the audit'),
    })
    .prefault({})
    .describe('The account of every call and administrative act'),
  models: models.prefault({}).describe('Models that may be asked; none is needed'),
  knowledge: z
    .strictObject({
      collections: z
        .record(slug, collection)
        .default({})
        .describe('Documents that belong together, with who may read them and where they come from'),
      readers: z
        .int()
        .positive()
        .max(16)
        .default(2)
        .describe('Documents that are read at once, each in a process of its own'),
      sources: z
        .int()
        .positive()
        .max(64)
        .default(4)
        .describe('Sources that are read at once; organisations share them evenly'),
      search: searchSettings.prefault({}).describe('How passages are ranked'),
      encryption: encryption.prefault({}).describe('Keys that those of encrypted collections are wrapped with'),
    })
    .prefault({})
    .describe("The team's documents, which agents ask by the tools of the toolset knowledge"),
  secrets: secretsSettings.prefault({}).describe('Where values come from that references stand for'),
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
export type IssuerSettings = z.infer<typeof issuer>;
export type AuditSettings = FileSettings['audit'];

export type { ApprovalsSettings } from './approvals-schema.ts';
export {
  type BudgetChoice,
  type BudgetDimension,
  type BudgetPer,
  type BudgetSettings,
  budgetChoice,
  budgetName,
} from './budget-schema.ts';
export type { CachingSettings } from './caching-schema.ts';
export {
  type CollectionChoice,
  type CollectionSettings,
  collectionChoice,
  collectionName,
} from './collection-schema.ts';
export {
  type EndpointChoice,
  type EndpointSettings,
  endpointChoice,
  endpointName,
  type Presentation,
  type ToolOverride,
  type ToolSelector,
} from './endpoint-schema.ts';
export {
  type DestinationChoice,
  type DestinationOfAny,
  type DestinationSettings,
  destinationChoice,
  destinationName,
  type EmailSettings,
  type EventsSettings,
  listOfSecrets,
  type SlackSettings,
  type SourceChoice,
  type WebhookSettings,
} from './events-schema.ts';
export type { SourceSettings } from './knowledge-schema.ts';
export {
  type LimitChoice,
  type LimitDimension,
  type LimitPeriod,
  type LimitSettings,
  limitChoice,
  limitName,
  periodSeconds,
} from './limit-schema.ts';
export {
  type ChatSettings,
  type EmbeddingDirectory,
  type EmbeddingEndpoint,
  type EmbeddingSettings,
  type ModelsSettings,
  noModel,
  type RerankerSettings,
} from './models-schema.ts';
export type { SearchSettings } from './search-schema.ts';
export type { SecretsSettings, VaultSettings } from './secrets-schema.ts';
export type { SsoProviderSettings } from './sso-schema.ts';
export {
  type HttpUpstreamSettings,
  httpUpstream,
  type OpenApiUpstreamSettings,
  openApiFields,
  openApiUpstream,
  type StdioUpstreamSettings,
  stdioUpstream,
  type ToolSettings,
  type UpstreamSettings,
} from './upstream-schema.ts';
export type { UsageSettings } from './usage-schema.ts';
export { roleNames } from './words.ts';

/** An upstream of the file. */
export type DeclaredUpstream = UpstreamSettings & {
  /** Why it cannot be run: a secret that it needs could not be had. */
  fault?: string;
  /** Secrets that references stand for in it. */
  given?: readonly string[];
};

/** Everything the server runs by: file, environment and flags in one, defaults filled in. */
export interface Settings extends Omit<FileSettings, 'server' | 'upstreams'> {
  upstreams: Record<string, DeclaredUpstream>;
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
  /** Secrets that were, or will be, the secret. */
  otherSecrets?: string[];
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
