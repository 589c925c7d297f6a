import { z } from 'zod';
import { upstreamAuth } from './auth-schema.ts';
import { annotationOverride, consentOverride, currency, ms, slug, webUrl } from './words.ts';

const expense = {
  units: z.number().min(0).max(1_000_000_000).optional().describe("In units of the team's own"),
  tokens: z.int().min(0).max(1_000_000_000).optional().describe('Tokens of models'),
  amount: z.number().min(0).max(1_000_000_000).optional().describe('In money'),
  currency: currency.optional().describe('ISO 4217'),
};

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
      ...expense,
      cached: z
        .strictObject(expense)
        .optional()
        .describe('Of a call that is told from the cache, which then counts as a call; it costs nothing when absent'),
    })
    .optional()
    .describe('Of one call; budgets reserve it, and take it unless the real cost is told'),
  rateLimits: z.array(z.string().min(1)).optional().describe('That its provider imposes, in words'),
  sideEffects: z.string().min(1).optional().describe('What else happens when it is called'),
  errors: z.record(z.string(), z.string().min(1)).optional().describe('What kinds of its errors mean'),
};

const toolSettings = z.strictObject({
  ...guidance,
  annotations: annotationOverride.optional().describe('What this tool does; beats what the upstream claims'),
  tags: z.array(z.string()).optional().describe('Risk tags that policies can read'),
  consent: consentOverride.optional(),
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
  costs: z
    .enum(['trust', 'ignore'])
    .default('ignore')
    .describe('Whether what its results say of their cost, in _meta["dev.fairlead/cost"], is what calls cost'),
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
  auth: upstreamAuth.optional().describe('OAuth: how requests to it are authorized'),
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

export const openApiFields = z.strictObject({
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
  auth: upstreamAuth
    .optional()
    .describe(
      'OAuth: how requests to it are authorized, instead of secrets; needs baseUrl, which says whom tokens are for',
    ),
  destructiveMethods: z
    .array(z.enum(['POST', 'PUT', 'PATCH', 'DELETE']))
    .default(['PUT', 'PATCH', 'DELETE'])
    .describe('HTTP methods whose tools count as destructive; PUT and PATCH overwrite what was there'),
  ...upstreamCommon,
  isolation: z.literal('shared').default('shared').describe('An API has neither processes nor sessions'),
});

/** A document that somebody else wrote must not say where tokens go. */
export const openApiUpstream = openApiFields.refine(
  ({ auth, baseUrl }) => auth === undefined || baseUrl !== undefined,
  {
    path: ['baseUrl'],
    error: 'is needed with auth: it says whom tokens are for',
  },
);

export const upstream = z.union([stdioUpstream, httpUpstream, openApiUpstream]);

export type StdioUpstreamSettings = z.infer<typeof stdioUpstream>;
export type HttpUpstreamSettings = z.infer<typeof httpUpstream>;
export type OpenApiUpstreamSettings = z.infer<typeof openApiUpstream>;
export type UpstreamSettings = StdioUpstreamSettings | HttpUpstreamSettings | OpenApiUpstreamSettings;
export type ToolSettings = z.infer<typeof toolSettings>;
